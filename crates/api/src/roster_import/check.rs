//! Reading a roster: what each row would do, decided against the roster as it is now. Nothing is written here; only the
//! phone numbers, the new members' numbers and the units' names are remembered.

use std::collections::{BTreeSet, HashMap};

use domain::id::{MemberId, NodeId};
use domain::member::{Member, MemberState};
use domain::roster::{CellError, Change, Column, Counts, OnRoster, Phones, RosterRow, RowProblem, settle};
use storage::members::{self, Entry};
use storage::roster_imports::{Problems, Seen, StagedRow};
use storage::{ReadTx, Vault, organisations};
use uuid::Uuid;

use super::Plan;
use crate::error::ApiResult;
use crate::roster_file::Reading;

/// A file that is being checked.
#[derive(Debug)]
pub(super) struct Checking<'a> {
    plan: &'a Plan,
    reading: Reading,
    phones: Phones,
    numbers: BTreeSet<String>,
    units: Units,
    problems: Problems,
    counts: Counts,
    rows: u64,
}

/// What a file without problems does.
#[derive(Clone, Debug)]
pub(super) struct Checked {
    /// How many members it creates and changes.
    pub counts: Counts,
    /// Units to be put into the tree first.
    pub units: Vec<(String, NodeId)>,
}

impl<'a> Checking<'a> {
    /// Begins to check.
    pub fn begin(plan: &'a Plan) -> Self {
        Self {
            plan,
            reading: plan.read(),
            phones: Phones::default(),
            numbers: BTreeSet::new(),
            units: Units::default(),
            problems: Problems::default(),
            counts: Counts::default(),
            rows: 0,
        }
    }

    /// Checks some rows and answers what they do; none at the end of the file.
    pub async fn step(&mut self, tx: &ReadTx, vault: &Vault) -> ApiResult<Option<Vec<StagedRow>>> {
        let chunk = match self.reading.next().await {
            Ok(Some(chunk)) => chunk,
            Ok(None) => return Ok(None),
            Err(error) => {
                self.problems.of_file(error);
                return Ok(None);
            }
        };
        self.rows += super::count(&chunk);
        let mut rows = Vec::with_capacity(chunk.len());
        for row in chunk {
            match row {
                Ok(row) => match self.phones.note(&row.phone, row.line) {
                    Ok(()) => rows.push(row),
                    Err(reason) => self.refuse(&row, Column::Phone, reason),
                },
                Err(problems) => problems.iter().for_each(|problem| self.problems.of_cell(problem)),
            }
        }
        let mut placed = Vec::with_capacity(rows.len());
        for row in rows {
            match self.units.find(tx, self.plan, &row.unit).await? {
                Some(unit) => placed.push((row, unit)),
                None => self.refuse(&row, Column::Unit, CellError::UnknownUnit),
            }
        }
        let phones: Vec<_> = placed.iter().map(|(row, _)| &row.phone).collect();
        let there = members::find_on_roster(tx, vault, &phones).await?;
        let mut decided = self.decide(placed, there);
        self.number(tx, &mut decided).await?;
        Ok(Some(decided))
    }

    fn decide(&mut self, rows: Vec<(RosterRow, NodeId)>, there: Vec<Option<OnRoster>>) -> Vec<StagedRow> {
        let within = std::slice::from_ref(&self.plan.at.path);
        let mut decided = Vec::new();
        for ((row, unit), there) in rows.into_iter().zip(there) {
            match settle(&row, unit, there.as_ref(), within) {
                Ok(change) => {
                    self.counts.count(change);
                    if change != Change::Nothing {
                        decided.push(staged(row, unit, there));
                    }
                }
                Err(problem) => self.problems.of_cell(&problem),
            }
        }
        decided
    }

    /// Gives each new member a number that nobody has, neither on the roster nor earlier in the file.
    async fn number(&mut self, tx: &ReadTx, decided: &mut [StagedRow]) -> ApiResult<()> {
        let new: Vec<&mut StagedRow> = decided.iter_mut().filter(|row| row.seen.is_none()).collect();
        let ids: Vec<MemberId> = new.iter().map(|row| row.entry.member.id).collect();
        let numbers = members::draw_numbers(tx, &ids, &mut self.numbers).await?;
        for (row, number) in new.into_iter().zip(numbers) {
            row.entry.member.number = number;
        }
        Ok(())
    }

    fn refuse(&mut self, row: &RosterRow, column: Column, reason: CellError) {
        self.problems.of_cell(&RowProblem { line: row.line, column, reason });
    }

    /// How many rows were checked.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether nothing was wrong so far.
    pub fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// Ends the check: what the file does, or what is wrong with it.
    pub fn end(self) -> Result<Checked, Problems> {
        if !self.problems.is_empty() {
            return Err(self.problems);
        }
        let new = |(name, unit): (String, Option<Unit>)| Some((name, unit.filter(|unit| unit.new)?.id));
        Ok(Checked { counts: self.counts, units: self.units.0.into_iter().filter_map(new).collect() })
    }
}

/// Units by the names that the file gives them.
#[derive(Debug, Default)]
struct Units(HashMap<String, Option<Unit>>);

#[derive(Clone, Copy, Debug)]
struct Unit {
    id: NodeId,
    new: bool,
}

impl Units {
    async fn find(&mut self, tx: &ReadTx, plan: &Plan, name: &str) -> ApiResult<Option<NodeId>> {
        if let Some(known) = self.0.get(name) {
            return Ok(known.map(|unit| unit.id));
        }
        let found = match organisations::find_unit_by_name(tx, name).await? {
            Some(node) => plan.at.path.covers(&node.path).then_some(Unit { id: node.id, new: false }),
            None => plan.create_units.then(|| Unit { id: NodeId::new(Uuid::now_v7()), new: true }),
        };
        self.0.insert(name.to_owned(), found);
        Ok(found.map(|unit| unit.id))
    }
}

fn staged(row: RosterRow, unit: NodeId, there: Option<OnRoster>) -> StagedRow {
    let seen = there.as_ref().map(|there| Seen { updated_at: there.updated_at, bound: there.bound });
    let (id, number) = there
        .map_or_else(|| (MemberId::new(Uuid::now_v7()), String::new()), |there| (there.member.id, there.member.number));
    let member = Member {
        id,
        number,
        name: row.name,
        phone_tail: row.phone.tail().into(),
        unit,
        category: row.category,
        state: MemberState::Active,
    };
    StagedRow { line: row.line, entry: Entry { member, phone: row.phone, record: row.record }, seen }
}
