//! Handing in a roster file. It is kept at once and imported by the job.

use std::time::Duration;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, post, web};
use domain::id::{ImportId, NodeId};
use domain::organisation::NodeKind;
use serde::Deserialize;
use storage::organisations;
use storage::roster_imports::{self, NewImport};
use utoipa::IntoParams;
use uuid::Uuid;

use super::XLSX;
use super::view::RosterImportView;
use crate::auth::caller::{Authorized, needs};
use crate::error::{ApiError, ApiResult, Problem};
use crate::error_code::ErrorCode;
use crate::http::query::Query;
use crate::http::{input, json};
use crate::state::App;
use crate::use_case::UseCase;

/// A unit's largest file, in bytes.
const UNIT_LIMIT: usize = 5 * 1024 * 1024;

/// The district's largest file, in bytes.
const DISTRICT_LIMIT: usize = 32 * 1024 * 1024;

const KINDS: [&str; 2] = ["text/csv", XLSX];

/// A roster of one.
const EXAMPLE: &str = "姓名,手机号,单位,党组织,入党日期,党员类别\n\
    王小雨,13900000001,区教育局,机关第一党支部,2012-07-01,在职党员\n";

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ImportRosterQuery {
    /// 单位编号；区级名册填区的编号，“单位”一列按名称对应
    unit_id: Uuid,
    /// 文件名，最多 120 字
    #[param(example = "在职党员名册.xlsx")]
    file_name: String,
}

/// 导入名册
///
/// 请求体就是文件本身，CSV 或 .xlsx；单位最大 5 MB、两万人，区级最大 32 MB、二十万人。表头须有姓名、手机号、单位、党组织、入党日期、党员类别，顺序不限。
/// 文件先全部核对，有一处问题就一个人也不导入；按手机号认人，同一文件重复导入不会重复建人。答复后在后台处理，请按编号查询进度。
#[utoipa::path(tag = "名册", params(ImportRosterQuery),
    request_body(
        description = "名册文件",
        content(
            (String = "text/csv", example = json!(EXAMPLE)),
            (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ),
    ),
    responses(
        (status = 202, description = "已收下，等待处理", body = RosterImportView),
        (status = 404, description = "没有这个单位", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "文件过大", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "不是 CSV 或 .xlsx", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "填写有误", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "上传过于频繁", body = Problem, content_type = "application/problem+json"),
    ),
)]
#[post("/roster-imports")]
pub(super) async fn import_roster(
    caller: Authorized<needs::ManageRoster>,
    query: Query<ImportRosterQuery>,
    request: HttpRequest,
    body: web::Payload,
    use_case: UseCase,
    app: App,
) -> ApiResult<HttpResponse> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("");
    let kind = kind.split(';').next().unwrap_or("").trim();
    if !KINDS.iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return Err(ApiError::new(ErrorCode::UnsupportedMediaType, "名册应为 CSV 或 .xlsx 文件"));
    }
    let file_name = input::line("file_name", &query.file_name, 120)?;
    let unit = organisations::find_within(&app.database.read(), &caller.scope, NodeId::new(query.unit_id)).await?;
    let unit = unit.ok_or_else(ApiError::not_found)?;
    if !matches!(unit.kind, NodeKind::Unit | NodeKind::District) {
        return Err(ApiError::field("unit_id", "名册只能导入到原单位，或由区级统一导入"));
    }
    app.limit(&format!("roster-imports:{}", caller.admin.id), 30, Duration::from_mins(10)).await?;
    let limit = if unit.kind == NodeKind::District { DISTRICT_LIMIT } else { UNIT_LIMIT };
    let file = json::read(body.into_inner(), limit).await?;
    if file.is_empty() {
        return Err(ApiError::field("body", "文件是空的"));
    }
    let import =
        NewImport { id: ImportId::new(Uuid::now_v7()), unit: unit.id, uploaded_by: Some(caller.admin.id), file_name };
    let view = use_case
        .write("import_roster", move |work| {
            Box::pin(async move {
                let id = import.id;
                work.about("roster_import", id);
                roster_imports::insert(&mut work.tx, &work.app.vault, import, &file, work.now).await?;
                let kept = roster_imports::find_within(&work.tx, &caller.scope, id).await?;
                Ok(RosterImportView::from(kept.ok_or_else(ApiError::not_found)?))
            })
        })
        .await?;
    Ok(HttpResponse::Accepted().json(view))
}
