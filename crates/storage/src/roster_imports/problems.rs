//! What is wrong with a roster file, as it is kept with the import.

use domain::code::Code;
use domain::roster::RowProblem;
use serde::{Deserialize, Serialize};

/// How many problems of one file are kept; the others are counted.
pub const PROBLEMS_KEPT: usize = 200;

/// What is wrong with a file: the first problems, and how many there are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Problems {
    /// How many.
    pub total: u64,
    /// The first of them.
    pub first: Vec<Problem>,
}

/// One thing that is wrong with a file. It never holds the text of a cell.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Problem {
    /// The line; none for the file as a whole.
    pub line: Option<u32>,
    /// The column's name.
    pub column: Option<String>,
    /// Why.
    pub message: String,
}

impl Problems {
    /// Takes note of what is wrong with a cell.
    pub fn of_cell(&mut self, problem: &RowProblem) {
        let column = problem.column.label().to_owned();
        self.add(Problem { line: Some(problem.line), column: Some(column), message: problem.reason.to_string() });
    }

    /// Takes note of what is wrong with the file as a whole.
    pub fn of_file(&mut self, message: impl ToString) {
        self.add(Problem { line: None, column: None, message: message.to_string() });
    }

    fn add(&mut self, problem: Problem) {
        self.total += 1;
        if self.first.len() < PROBLEMS_KEPT {
            self.first.push(problem);
        }
    }

    /// Whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.total == 0
    }
}
