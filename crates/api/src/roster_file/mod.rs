//! Roster files, CSV or Excel: read row by row on a thread of their own, so that neither their size nor their tricks
//! reach the requests.

mod csv_text;
mod workbook;

use std::ops::ControlFlow;
use std::sync::Arc;

use chrono::NaiveDate;
use domain::roster::{Cell, Header, HeaderError, RosterRow, RowProblem, read};
use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Rows that are handed over at once.
const ROWS_AT_ONCE: usize = 1_000;

/// The header stands in one of the first rows; units like to write a title above it.
const HEADER_WITHIN: usize = 10;

/// Columns beyond these are not looked at.
const COLUMNS: usize = 100;

/// How much one file may hold.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes, once unpacked.
    pub unpacked: u64,
    /// Rows below the header.
    pub rows: u64,
}

/// Why a file as a whole cannot be imported.
#[derive(Debug, Error)]
pub enum FileError {
    /// Nothing below the header.
    #[error("文件里没有党员，表头下面应每人一行")]
    Empty,
    /// Neither CSV nor a sound workbook.
    #[error("文件已损坏，请用 Excel 或 WPS 另存为 .xlsx 或 CSV 后再导入")]
    Unreadable,
    /// The format before 2007, in which workbooks with a password are wrapped too.
    #[error("是旧版 Excel 文件（.xls）或设有密码，请另存为不带密码的 .xlsx 后再导入")]
    OldExcel,
    /// Neither UTF-8 nor GB18030.
    #[error("文字编码无法识别，请另存为“CSV UTF-8”后再导入")]
    Encoding,
    /// Far more than a roster holds.
    #[error("文件内容过大，请只保留名册这一张表，删去图片和空行后再导入")]
    TooLarge,
    /// Too many rows for one import.
    #[error("一次最多导入 {0} 人，请分成几个文件")]
    TooManyRows(u64),
    /// A cell that spans several rows or columns below the header: whose it is cannot be told.
    #[error("第 {0} 行有合并单元格，请取消合并，每人一行、逐格填写后再导入")]
    Merged(u32),
    /// The columns cannot be told apart.
    #[error(transparent)]
    Header(HeaderError),
}

/// Some rows, each read or refused.
pub type Chunk = Vec<Result<RosterRow, Vec<RowProblem>>>;

/// A file that is being read.
#[derive(Debug)]
pub struct Reading {
    chunks: mpsc::Receiver<Chunk>,
    thread: Option<JoinHandle<Result<(), FileError>>>,
}

impl Reading {
    /// Begins to read; at most a few chunks wait to be taken.
    pub fn begin(file: Arc<[u8]>, limits: Limits, today: NaiveDate) -> Self {
        let (sender, chunks) = mpsc::channel(2);
        let thread = tokio::task::spawn_blocking(move || read_file(&file, limits, today, sender));
        Self { chunks, thread: Some(thread) }
    }

    /// The next rows; none at the end. A reader that fell over a crafted file has found it unreadable.
    pub async fn next(&mut self) -> Result<Option<Chunk>, FileError> {
        if let Some(chunk) = self.chunks.recv().await {
            return Ok(Some(chunk));
        }
        match self.thread.take() {
            Some(thread) => thread.await.unwrap_or(Err(FileError::Unreadable)).map(|()| None),
            None => Ok(None),
        }
    }
}

fn read_file(file: &[u8], limits: Limits, today: NaiveDate, sender: mpsc::Sender<Chunk>) -> Result<(), FileError> {
    let mut sheet =
        Sheet { header: None, header_line: 0, best: None, tried: 0, rows: 0, chunk: Vec::new(), limits, today, sender };
    if file.starts_with(b"PK\x03\x04") {
        workbook::read(file, &mut sheet)?;
    } else if file.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(FileError::OldExcel);
    } else {
        csv_text::read(file, &mut sheet)?;
    }
    sheet.end()
}

/// What stands on one sheet, taken row by row.
struct Sheet {
    header: Option<Header>,
    header_line: u32,
    best: Option<HeaderError>,
    tried: usize,
    rows: u64,
    chunk: Chunk,
    limits: Limits,
    today: NaiveDate,
    sender: mpsc::Sender<Chunk>,
}

impl Sheet {
    /// Takes a row; breaks off once nobody wants more, or no header was among the first rows.
    fn take(&mut self, line: u32, cells: &[Cell]) -> Result<ControlFlow<()>, FileError> {
        if cells.iter().all(Cell::is_empty) {
            return Ok(ControlFlow::Continue(()));
        }
        let Some(header) = &self.header else { return Ok(self.seek_header(line, cells)) };
        self.rows += 1;
        if self.rows > self.limits.rows {
            return Err(FileError::TooManyRows(self.limits.rows));
        }
        self.chunk.push(read(line, header, cells, self.today));
        if self.chunk.len() >= ROWS_AT_ONCE { Ok(self.hand_over()) } else { Ok(ControlFlow::Continue(())) }
    }

    fn seek_header(&mut self, line: u32, cells: &[Cell]) -> ControlFlow<()> {
        match Header::recognise(cells) {
            Ok(header) => (self.header, self.header_line) = (Some(header), line),
            Err(refusal) => {
                self.tried += 1;
                if self.best.as_ref().is_none_or(|best| best.recognised() < refusal.recognised()) {
                    self.best = Some(refusal);
                }
            }
        }
        if self.tried < HEADER_WITHIN { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    }

    fn hand_over(&mut self) -> ControlFlow<()> {
        match self.sender.blocking_send(std::mem::take(&mut self.chunk)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    fn end(mut self) -> Result<(), FileError> {
        if self.header.is_none() {
            return Err(self.best.map_or(FileError::Empty, FileError::Header));
        }
        if self.rows == 0 {
            return Err(FileError::Empty);
        }
        if !self.chunk.is_empty() {
            // Whoever stopped listening has heard enough.
            let _ = self.hand_over();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
