//! CSV, in the encodings in which Excel and WPS save it here.

use std::borrow::Cow;

use domain::roster::Cell;

use super::{COLUMNS, FileError, Sheet};

pub(super) fn read(file: &[u8], sheet: &mut Sheet) -> Result<(), FileError> {
    if u64::try_from(file.len()).unwrap_or(u64::MAX) > sheet.limits.unpacked {
        return Err(FileError::TooLarge);
    }
    let text = decode(file)?;
    // One kind of line end, and one after the last line: only so the reader's count of lines is the clerk's.
    let mut text = if text.contains('\r') { text.replace("\r\n", "\n").replace('\r', "\n") } else { text.into_owned() };
    text.push('\n');
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|_| FileError::Unreadable)? {
        let breaks = record.iter().map(|field| field.matches('\n').count()).sum::<usize>();
        let line = reader.position().line().saturating_sub(1 + u64::try_from(breaks).unwrap_or(0));
        let cells: Vec<Cell> = record.iter().take(COLUMNS).map(|field| Cell::Text(field.to_owned())).collect();
        if sheet.take(u32::try_from(line).unwrap_or(u32::MAX), &cells)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn decode(file: &[u8]) -> Result<Cow<'_, str>, FileError> {
    let file = file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file);
    let text = match std::str::from_utf8(file) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            encoding_rs::GB18030.decode_without_bom_handling_and_without_replacement(file).ok_or(FileError::Encoding)?
        }
    };
    if text.contains('\0') { Err(FileError::Encoding) } else { Ok(text) }
}
