//! The report as an Excel workbook: a sheet of sums, one by month, one by unit.

use std::borrow::Cow;

use domain::code::Code;
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};

use super::view::LiabilityView;

pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// Writes the workbook.
pub(super) fn write(report: &LiabilityView) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let sheet = begin(&mut book, "概况", &["项目", "积分"])?;
    let mut rows: Vec<(&str, i64)> =
        report.movements.iter().map(|movement| (movement.kind.0.label(), movement.points)).collect();
    rows.extend([("发放合计", report.issued), ("使用合计", report.spent), ("过期合计", report.expired)]);
    rows.extend([("调整合计", report.adjusted), ("未使用", report.outstanding), ("欠分", report.owed)]);
    for (row, (label, points)) in (1..).zip(rows) {
        text(sheet, row, 0, label)?;
        number(sheet, row, 1, points)?;
    }
    text(sheet, 0, 3, "统计范围")?;
    text(sheet, 0, 4, &report.organisation)?;
    text(sheet, 1, 3, "截至日期")?;
    text(sheet, 1, 4, &report.as_of.to_string())?;

    let sheet = begin(&mut book, "按到期月份", &["到期月份", "积分"])?;
    for (row, month) in (1..).zip(&report.by_month) {
        text(sheet, row, 0, month.month.as_deref().unwrap_or("不过期"))?;
        number(sheet, row, 1, month.points)?;
    }

    let sheet = begin(&mut book, "按单位", &["单位", "获得", "未使用", "欠分"])?;
    for (row, unit) in (1..).zip(&report.units) {
        text(sheet, row, 0, &unit.name)?;
        for (column, points) in (1..).zip([unit.issued, unit.outstanding, unit.owed]) {
            number(sheet, row, column, points)?;
        }
    }
    book.save_to_buffer()
}

fn begin<'a>(book: &'a mut Workbook, name: &str, columns: &[&str]) -> Result<&'a mut Worksheet, XlsxError> {
    let bold = Format::new().set_bold();
    let sheet = book.add_worksheet().set_name(name)?.set_freeze_panes(1, 0)?;
    for (at, column) in (0..).zip(columns) {
        sheet.set_column_width(at, 20)?.write_string_with_format(0, at, *column, &bold)?;
    }
    Ok(sheet)
}

fn text(sheet: &mut Worksheet, row: u32, column: u16, text: &str) -> Result<(), XlsxError> {
    sheet.write_string(row, column, harmless(text))?;
    Ok(())
}

/// Sums of points stay far below what a cell's number can hold exactly.
#[expect(clippy::cast_precision_loss, reason = "a cell holds a double")]
fn number(sheet: &mut Worksheet, row: u32, column: u16, points: i64) -> Result<(), XlsxError> {
    sheet.write_number(row, column, points as f64)?;
    Ok(())
}

/// A text that no spreadsheet takes for a formula, even once it is copied into another file.
fn harmless(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}").into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn nothing_looks_like_a_formula() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
            assert_eq!(harmless(text), format!("'{text}"));
        }
        assert_eq!(harmless("平城区教育局"), "平城区教育局");
        assert_eq!(harmless("2027-03"), "2027-03");
    }
}
