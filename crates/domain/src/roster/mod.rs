//! The roster (党员名册): members as a file lists them, read row by row and compared with those on record.

mod cell;
mod header;

use std::collections::HashMap;
use std::fmt;

use chrono::NaiveDate;

pub use self::cell::{Cell, CellError, category, date};
pub use self::header::{Column, Header, HeaderError};
use crate::code::{Code, codes};
use crate::id::NodeId;
use crate::member::{Member, MemberCategory, MemberState};
use crate::organisation::NodePath;
use crate::personal::{self, PartyRecord, Phone};
use crate::text;
use crate::time::Instant;

codes! {
    /// How far an import has come (名册导入).
    ImportState {
        Queued = "queued", "排队中";
        Running = "running", "处理中";
        Done = "done", "已完成";
        Failed = "failed", "未导入";
    }
}

/// One row of a roster file, every cell read.
#[derive(Clone, Debug)]
pub struct RosterRow {
    /// The line in the file, counted as the clerk's program counts.
    pub line: u32,
    /// The name.
    pub name: String,
    /// The phone number, by which a member is known again.
    pub phone: Phone,
    /// The home unit's name.
    pub unit: String,
    /// Where the member belongs and since when.
    pub record: PartyRecord,
    /// The register.
    pub category: MemberCategory,
}

/// What is wrong with one cell. It never repeats the cell's text, which may be somebody's phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowProblem {
    /// The line in the file.
    pub line: u32,
    /// The column.
    pub column: Column,
    /// Why.
    pub reason: CellError,
}

impl fmt::Display for RowProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "第 {} 行“{}”：{}", self.line, self.column.label(), self.reason)
    }
}

/// Reads one row; every cell that is wrong is named.
pub fn read(line: u32, header: &Header, cells: &[Cell], today: NaiveDate) -> Result<RosterRow, Vec<RowProblem>> {
    let mut problems = Vec::new();
    let name = take(header, cells, Column::Name, &mut problems, |text| Ok(personal::name(text)?));
    let phone =
        take(header, cells, Column::Phone, &mut problems, |text| Ok(Phone::parse(&text::clean(text, 30, false)?)?));
    let unit = take(header, cells, Column::Unit, &mut problems, |text| Ok(text::clean(text, 60, false)?));
    let organisation =
        take(header, cells, Column::PartyOrganisation, &mut problems, |text| Ok(personal::party_organisation(text)?));
    let joined_on = take(header, cells, Column::JoinedOn, &mut problems, |text| {
        let day = date(&text::clean(text, 30, false)?).ok_or(CellError::Date)?;
        Ok(personal::joined_on(day, today)?)
    });
    let category = take(header, cells, Column::Category, &mut problems, |text| {
        category(&text::clean(text, 30, false)?).ok_or(CellError::Category)
    });
    match (name, phone, unit, organisation, joined_on, category) {
        (Some(name), Some(phone), Some(unit), Some(organisation), Some(joined_on), Some(category)) => {
            Ok(RosterRow { line, name, phone, unit, record: PartyRecord { organisation, joined_on }, category })
        }
        _ => Err(problems.into_iter().map(|(column, reason)| RowProblem { line, column, reason }).collect()),
    }
}

fn take<T>(
    header: &Header,
    cells: &[Cell],
    column: Column,
    problems: &mut Vec<(Column, CellError)>,
    parse: impl FnOnce(&str) -> Result<T, CellError>,
) -> Option<T> {
    let parsed = header.text(cells, column).and_then(parse);
    parsed.map_err(|reason| problems.push((column, reason))).ok()
}

/// The phone numbers of a file, each with the line that had it first.
#[derive(Debug, Default)]
pub struct Phones(HashMap<u64, u32>);

impl Phones {
    /// Takes note of a row's number; a number that was there before is refused with its line.
    pub fn note(&mut self, phone: &Phone, line: u32) -> Result<(), CellError> {
        match *self.0.entry(phone.as_number()).or_insert(line) {
            first if first == line => Ok(()),
            first => Err(CellError::Repeated(first)),
        }
    }
}

/// A member who is on the roster with a row's phone number.
#[derive(Clone, Debug)]
pub struct OnRoster {
    /// The member.
    pub member: Member,
    /// The place of the home unit in the tree.
    pub unit_path: NodePath,
    /// The party record.
    pub record: PartyRecord,
    /// Whether the member signs in with WeChat.
    pub bound: bool,
    /// When the roster last changed what it says of the member.
    pub updated_at: Instant,
}

/// What a row does to the roster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// A new member.
    Create,
    /// A member whose particulars differ, or who had left.
    Update,
    /// Nothing: the row was imported before.
    Nothing,
}

/// Decides what a row does, for an import that may touch only these subtrees. Nobody is taken from another unit's roster
/// unless they left it, and nobody who signs in is turned into somebody of another name.
pub fn settle(
    row: &RosterRow,
    unit: NodeId,
    on_roster: Option<&OnRoster>,
    within: &[NodePath],
) -> Result<Change, RowProblem> {
    let Some(OnRoster { member, unit_path, record, bound, .. }) = on_roster else {
        return Ok(Change::Create);
    };
    let refuse = |reason| Err(RowProblem { line: row.line, column: Column::Phone, reason });
    let foreign = !within.iter().any(|path| path.covers(unit_path));
    if foreign && member.state == MemberState::Active {
        return refuse(CellError::OnOtherRoster);
    }
    if *bound && member.name != row.name {
        return refuse(CellError::BoundToOther);
    }
    let same = member.state == MemberState::Active
        && member.name == row.name
        && member.unit == unit
        && member.category == row.category
        && *record == row.record;
    Ok(if same { Change::Nothing } else { Change::Update })
}

/// What an import did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// New members.
    pub created: u64,
    /// Members whose particulars changed.
    pub updated: u64,
    /// Members who were there as the file says.
    pub unchanged: u64,
}

impl Counts {
    /// Counts one row.
    pub fn count(&mut self, change: Change) {
        match change {
            Change::Create => self.created += 1,
            Change::Update => self.updated += 1,
            Change::Nothing => self.unchanged += 1,
        }
    }
}

#[cfg(test)]
mod tests;
