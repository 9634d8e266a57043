//! Roster files as units hand them in: one for the whole district, and one for each unit as a spreadsheet and as text.

use std::path::Path;

use chrono::Utc;
use domain::code::Code;
use domain::roster::Column;
use rust_xlsxwriter::{Workbook, Worksheet, XlsxError};

use super::crowd::{Crowd, Newcomer};
use super::places::Tree;
use super::size::Size;
use crate::failure::Failure;

/// Writes the rosters of a district of this size into a folder; says which files were written.
pub fn write(folder: &Path, size: Size, progress: impl Fn(&str, u64, u64)) -> Result<Vec<String>, Failure> {
    let cannot =
        |error: &dyn std::fmt::Display| Failure::Usage(format!("cannot write into {}: {error}", folder.display()));
    std::fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    let tree = Tree::grow(size.estates, size.units);
    let crowd = Crowd::plan(&tree, Size { activities: 0, ..size }, 0, chrono::DateTime::<Utc>::UNIX_EPOCH)?;
    let mut written = Vec::new();

    let whole = folder.join("district.csv");
    let mut district = csv::Writer::from_path(&whole).map_err(|error| cannot(&error))?;
    district.write_record(HEADER.map(Code::label)).map_err(|error| cannot(&error))?;
    for number in 0..size.members {
        district.write_record(row(&tree, &crowd.newcomer(number)?)).map_err(|error| cannot(&error))?;
        if (number + 1) % 10_000 == 0 {
            progress("rows", number + 1, size.members);
        }
    }
    district.flush().map_err(|error| cannot(&error))?;
    written.push(whole.display().to_string());

    let units = tree.units.len() as u64;
    for (unit, first) in tree.units.iter().zip(0..) {
        let name = &tree.node(*unit).name;
        let (text, sheet) = (folder.join(format!("{name}.csv")), folder.join(format!("{name}.xlsx")));
        let mut records = csv::Writer::from_path(&text).map_err(|error| cannot(&error))?;
        let mut book = Workbook::new();
        let page = book.add_worksheet();
        records.write_record(HEADER.map(Code::label)).map_err(|error| cannot(&error))?;
        cells(page, 0, &HEADER.map(|column| column.label().to_owned())).map_err(|error| cannot(&error))?;
        let theirs = (first..size.members).step_by(usize::try_from(units).unwrap_or(1).max(1));
        for (number, line) in theirs.zip(1..) {
            let row = row(&tree, &crowd.newcomer(number)?);
            records.write_record(&row).map_err(|error| cannot(&error))?;
            cells(page, line, &row).map_err(|error| cannot(&error))?;
        }
        records.flush().map_err(|error| cannot(&error))?;
        book.save(&sheet).map_err(|error| cannot(&error))?;
        written.extend([text.display().to_string(), sheet.display().to_string()]);
    }
    Ok(written)
}

const HEADER: [Column; 6] =
    [Column::Name, Column::Phone, Column::Unit, Column::PartyOrganisation, Column::JoinedOn, Column::Category];

fn row(tree: &Tree, one: &Newcomer) -> [String; 6] {
    [
        one.member.name.clone(),
        one.phone.reveal().to_owned(),
        tree.node(one.member.unit).name.clone(),
        one.record.organisation.clone(),
        one.record.joined_on.to_string(),
        one.member.category.label().to_owned(),
    ]
}

fn cells(page: &mut Worksheet, line: u32, row: &[String; 6]) -> Result<(), XlsxError> {
    for (column, text) in (0..).zip(row) {
        page.write_string(line, column, text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use calamine::{Reader, Xlsx, open_workbook};

    use super::*;

    #[test]
    fn every_member_stands_in_the_district_and_once_in_a_unit() -> Result<(), Box<dyn std::error::Error>> {
        let folder = std::env::temp_dir().join(format!("roster-{}", uuid::Uuid::now_v7()));
        let size = Size { members: 130, ..Size::DEMO };
        let written = write(&folder, size, |_, _, _| {}).map_err(|failure| format!("{failure:?}"))?;
        assert_eq!(written.len(), 1 + 2 * 26);
        let mut district = csv::Reader::from_path(folder.join("district.csv"))?;
        assert_eq!(
            district.headers()?.iter().collect::<Vec<_>>().join(","),
            "姓名,手机号,单位,党组织,入党日期,党员类别"
        );
        let rows = district.records().collect::<Result<Vec<_>, _>>()?;
        assert_eq!(rows.len(), 130);
        let mut book: Xlsx<_> = open_workbook(folder.join("区教育局.xlsx"))?;
        let page = book.worksheet_range_at(0).ok_or("no sheet")??;
        let theirs = rows.iter().filter(|row| &row[2] == "区教育局").count();
        assert_eq!((page.height(), theirs), (1 + 5, 5));
        assert_eq!(page.get_value((1, 1)).map(ToString::to_string), Some(rows[0][1].to_owned()));
        std::fs::remove_dir_all(folder)?;
        Ok(())
    }
}
