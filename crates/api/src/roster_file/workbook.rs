//! Excel workbooks (.xlsx): the first sheet that has the header. Unpacked once to be measured, before anything is parsed.

use std::io::{self, Cursor, Read};

use calamine::{Data, DataRef, Reader, Xlsx};
use domain::roster::Cell;

use super::{COLUMNS, FileError, Sheet};

/// Parts of one package; a workbook with a few sheets has some dozens.
const PARTS: usize = 500;

pub(super) fn read(file: &[u8], sheet: &mut Sheet) -> Result<(), FileError> {
    measure(file, sheet.limits.unpacked)?;
    let mut workbook: Xlsx<_> = Xlsx::new(Cursor::new(file)).map_err(unreadable)?;
    for name in workbook.sheet_names() {
        sheet.tried = 0;
        // A chart on a sheet of its own has no cells.
        let Ok(mut cells) = workbook.worksheet_cells_reader(&name) else { continue };
        let (mut line, mut row) = (0, Vec::new());
        while let Some(cell) = cells.next_cell_with_formula_metadata().map_err(unreadable)? {
            let (at, column) = cell.pos;
            if at != line {
                if at < line {
                    return Err(FileError::Unreadable);
                }
                if sheet.take(line + 1, &row)?.is_break() {
                    row.clear();
                    break;
                }
                row.clear();
                line = at;
            }
            let column = usize::try_from(column).unwrap_or(usize::MAX);
            if column < COLUMNS {
                if row.len() <= column {
                    row.resize(column + 1, Cell::Text(String::new()));
                }
                row[column] = if cell.formula.is_some() { Cell::Formula } else { read_cell(cell.value) };
            }
        }
        // Breaking off here means as much as going on: the sheet is at its end.
        let _ = sheet.take(line + 1, &row)?;
        drop(cells);
        if sheet.header.is_some() {
            return refuse_merged(&mut workbook, &name, sheet.header_line);
        }
    }
    Ok(())
}

/// A title over several columns is harmless; below the header, or reaching below it, nothing may be merged.
fn refuse_merged(workbook: &mut Xlsx<Cursor<&[u8]>>, sheet: &str, header: u32) -> Result<(), FileError> {
    let merged = workbook.merge_cells_by_sheet_name(sheet).map_err(unreadable)?;
    let below = merged.iter().filter(|cells| cells.end.0 >= header).map(|cells| cells.start.0.max(header) + 1).min();
    below.map_or(Ok(()), |line| Err(FileError::Merged(line)))
}

/// Unpacks every part into nothing, so that a small file cannot grow into a huge one later.
fn measure(file: &[u8], most: u64) -> Result<(), FileError> {
    let mut package = zip::ZipArchive::new(Cursor::new(file)).map_err(unreadable)?;
    if package.len() > PARTS {
        return Err(FileError::TooLarge);
    }
    let mut left = most;
    for part in 0..package.len() {
        let part = package.by_index(part).map_err(unreadable)?;
        let unpacked = io::copy(&mut part.take(left + 1), &mut io::sink()).map_err(unreadable)?;
        left = left.checked_sub(unpacked).ok_or(FileError::TooLarge)?;
    }
    Ok(())
}

fn read_cell(value: DataRef<'_>) -> Cell {
    match Data::from(value) {
        Data::Empty => Cell::Text(String::new()),
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => Cell::Text(text),
        Data::Int(number) => Cell::Text(number.to_string()),
        // A whole number, such as a phone number, is displayed without a point.
        Data::Float(number) => Cell::Text(number.to_string()),
        Data::Bool(truth) => Cell::Text(truth.to_string()),
        Data::DateTime(at) if at.is_datetime() => {
            let (year, month, day, ..) = at.to_ymd_hms_milli();
            Cell::Text(format!("{year:04}-{month:02}-{day:02}"))
        }
        Data::DateTime(at) => Cell::Text(at.as_f64().to_string()),
        Data::Error(_) => Cell::Broken,
    }
}

fn unreadable<E>(_: E) -> FileError {
    FileError::Unreadable
}
