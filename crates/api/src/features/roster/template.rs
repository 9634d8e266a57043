//! An empty roster to fill in, with the columns that an import knows.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpResponse, get};
use domain::code::Code;
use domain::member::MemberCategory;
use domain::roster::Column;
use rust_xlsxwriter::{DataValidation, Format, Workbook, XlsxError};

use super::XLSX;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult};

/// How far down the choice of registers reaches.
const LAST_ROW: u32 = 20_000;

const RULES: [&str; 6] = [
    "在“名册”表中填写，每人一行，不要改动表头，不要合并单元格，不要使用公式。",
    "手机号：11 位大陆手机号，按手机号认人，一个文件里不能重复。",
    "单位：与系统中的单位名称完全一致。",
    "入党日期：写成 2012-07-01 或 2012年7月1日。",
    "党员类别：在职党员、离退休党员、流动党员或直管党员。",
    "有一处问题，整个文件都不会导入；同一文件可以重复导入，不会重复建人。",
];

/// 下载名册模板
///
/// 空白的 .xlsx，第二张表是填写说明。
#[utoipa::path(tag = "名册", responses(
    (status = 200, description = "名册模板", body = Vec<u8>,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
))]
#[get("/roster-template.xlsx")]
pub(super) async fn show_roster_template(_: Authorized<needs::ManageRoster>) -> ApiResult<HttpResponse> {
    let name = "attachment; filename=\"roster.xlsx\"; filename*=UTF-8''%E5%90%8D%E5%86%8C.xlsx";
    let file = template().map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().content_type(XLSX).insert_header((CONTENT_DISPOSITION, name)).body(file))
}

fn template() -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let (bold, text) = (Format::new().set_bold(), Format::new().set_num_format("@"));
    let sheet = book.add_worksheet().set_name("名册")?.set_freeze_panes(1, 0)?;
    for (at, column) in (0..).zip(Column::ALL) {
        sheet.set_column_width(at, 18)?.set_column_format(at, &text)?;
        sheet.write_string_with_format(0, at, column.label(), &bold)?;
        if *column == Column::Category {
            let labels: Vec<&str> = MemberCategory::ALL.iter().map(|category| category.label()).collect();
            let choice = DataValidation::new().allow_list_strings(&labels)?;
            sheet.add_data_validation(1, at, LAST_ROW, at, &choice)?;
        }
    }
    let rules = book.add_worksheet().set_name("填写说明")?.set_column_width(0, 80)?;
    for (at, rule) in (0..).zip(RULES) {
        rules.write_string(at, 0, rule)?;
    }
    book.save_to_buffer()
}
