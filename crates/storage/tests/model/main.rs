//! The ledger against a second opinion: stories drawn at random, told to the true ledger and to a model that knows nothing
//! but lists. After every step both must say the same of every purse, lot, offer and voucher, or refuse for the same
//! reason; after every story the books must be sound. SQLite, or PostgreSQL where `ZHIXIANG_TEST_DATABASE_URL` names a
//! server; `ZHIXIANG_TEST_MODEL_CASES` asks for more stories than usual.

mod corrections;
mod donation;
mod earning;
mod holds;
mod ledger;
mod model;
mod operation;
mod template;
mod view;
mod vouchers;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::NaiveDateTime;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, FileFailurePersistence, TestRunner};
use proptest_state_machine::ReferenceStateMachine;

use crate::ledger::Ledger;
use crate::model::{Model, Moved, Outcome, Shelf};
use crate::operation::Operation;
use crate::template::Template;

const MEMBERS: usize = 2;
const OFFERS: usize = 3;

/// Stories of a usual run, and the steps of a story.
const CASES: u32 = 48;
const STEPS: RangeInclusive<usize> = 30..=90;

/// Every reason to refuse, and what else may come of a step: the stories must have met each.
const MET: [&str; 26] = [
    "Done",
    "Owes",
    "Repays",
    "NotThere",
    "InvalidAmount",
    "DoneBefore",
    "Insufficient",
    "Frozen",
    "SoldOut",
    "NotEligible",
    "OfferLimit",
    "MonthLimit",
    "YearLimit",
    "Verified",
    "Closed",
    "AnotherMerchant",
    "VoucherExpired",
    "VoucherCancelled",
    "VoucherReversed",
    "NotVerified",
    "UndoneTooLate",
    "GiftTooSmall",
    "GiftsOfDay",
    "StockTooLow",
    "HoldEnded",
    "HoldOverdue",
];

/// Stories of a few members and offers, begun some days before something ends.
struct Stories;

impl ReferenceStateMachine for Stories {
    type State = Model;
    type Transition = Operation;

    fn init_state() -> BoxedStrategy<Model> {
        let begins = ["2026-11-20T10:00:00", "2026-12-29T23:59:59", "2027-03-28T00:00:00", "2028-02-28T12:00:00"];
        let begins = begins.map(|at| at.parse::<NaiveDateTime>().expect("a time"));
        select(begins.to_vec()).prop_map(|now| Model::new(now, MEMBERS, shelves())).boxed()
    }

    fn transitions(_: &Model) -> BoxedStrategy<Operation> {
        operation::any()
    }

    fn apply(mut model: Model, operation: &Operation) -> Model {
        model.last = model.step(operation);
        model
    }
}

/// One offer that is dear and lasts, one of which there is a single piece, and one that is gone by tomorrow.
fn shelves() -> Vec<Shelf> {
    let shelf = |price, fen, limit, days, stock| Shelf { price, fen, limit, days, left: stock, total: stock };
    vec![shelf(25, 4_000, None, 30, 40), shelf(7, 1_500, None, 10, 1), shelf(3, 500, Some(1), 1, 40)]
}

/// How often each thing came out of a step.
type Tally = RefCell<BTreeMap<String, u32>>;

#[test]
fn the_ledger_does_what_the_model_says() {
    let cases = std::env::var("ZHIXIANG_TEST_MODEL_CASES").map_or(CASES, |cases| cases.parse().expect("a number"));
    let persistence =
        FileFailurePersistence::Direct(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/model/regressions.txt"));
    let config = Config { cases, failure_persistence: Some(Box::new(persistence)), ..Config::default() };
    let (template, tally) = (run(Template::build(&shelves())), Tally::default());
    let stories = Stories::sequential_strategy(STEPS);
    let told = TestRunner::new(config).run(&stories, |(model, steps, seen)| {
        run(tell(&template, &tally, model, steps, seen));
        Ok(())
    });
    if let Err(difference) = told {
        panic!("{difference}");
    }
    let tally = tally.into_inner();
    println!("{cases} stories: {tally:?}");
    let unmet: Vec<_> = MET.iter().filter(|outcome| !tally.contains_key(**outcome)).collect();
    assert!(unmet.is_empty(), "no story met {unmet:?}");
    run(template.close());
}

/// Tells one story to both.
async fn tell(
    template: &Template,
    tally: &Tally,
    mut model: Model,
    steps: Vec<Operation>,
    seen: Option<Arc<AtomicUsize>>,
) {
    let url = template.copy().await;
    let mut ledger = Ledger::open(&url, template.cast.clone(), model.now).await;
    for step in steps {
        // What comes after the step that failed need not be told again.
        if let Some(seen) = &seen {
            seen.fetch_add(1, Ordering::SeqCst);
        }
        model = Stories::apply(model, &step);
        let outcome = ledger.step(&step).await;
        assert_eq!(outcome, model.last, "the ledger, then the model, of {step:?} at {}", model.now);
        assert_eq!(ledger.view().await, model.view(), "the ledger, then the model, after {step:?} at {}", model.now);
        *tally.borrow_mut().entry(name(outcome)).or_default() += 1;
    }
    ledger.close().await;
    template.remove(&url).await;
}

/// What came of a step, in a word.
fn name(outcome: Outcome) -> String {
    match outcome {
        Ok(Moved { debt: ..=-1, .. }) => "Owes".into(),
        Ok(Moved { debt: 1.., .. }) => "Repays".into(),
        Ok(_) => "Done".into(),
        Err(refusal) => format!("{refusal:?}").split(' ').next().unwrap_or_default().into(),
    }
}

fn run<T>(story: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(story)
}
