//! The nets of the schema below the rulebook: what the decisions never do, and nobody else may.

use crate::books::{Books, at};
use domain::id::{NodeId, RulebookId};
use domain::organisation::NodeKind;
use domain::points::Rulebook;
use domain::points::rulebook::{Edition, RulebookState};
use storage::{StorageError, rulebooks};
use uuid::Uuid;

fn edition(scope: NodeId, version: i32, from: u64, to: Option<u64>) -> Edition {
    Edition {
        id: RulebookId::new(Uuid::now_v7()),
        scope,
        scope_kind: NodeKind::District,
        version,
        state: RulebookState::Effective,
        rules: Rulebook::default_rules(),
        note: None,
        effective_from: at(from),
        effective_to: to.map(at),
        drafted_by: None,
        approved_by: None,
        approved_at: None,
    }
}

async fn keep(books: &Books, edition: &Edition) -> Result<(), StorageError> {
    let mut tx = books.write().await;
    rulebooks::insert(&mut tx, edition, at(0)).await?;
    tx.commit().await
}

async fn end_first(books: &Books, day: u64) {
    let mut tx = books.write().await;
    let first = rulebooks::in_force(&tx, at(0)).await.expect("the rules").id;
    assert!(rulebooks::end(&mut tx, first, at(day)).await.expect("an answer"));
    assert!(!rulebooks::end(&mut tx, first, at(day + 1)).await.expect("an answer"), "it has an end");
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn approved_versions_of_a_scope_never_overlap() {
    let books = Books::open().await;
    let overlap = |answer: Result<(), StorageError>| {
        let error = answer.expect_err("it overlaps");
        assert!(error.breaks("rulebook_overlap") || error.breaks("rulebook_open"), "{error}");
    };
    overlap(keep(&books, &edition(books.district, 2, 10, None)).await);
    overlap(keep(&books, &edition(books.district, 2, 10, Some(20))).await);
    end_first(&books, 10).await;
    overlap(keep(&books, &edition(books.district, 2, 9, None)).await);
    keep(&books, &edition(books.district, 2, 10, Some(20))).await.expect("room");
    keep(&books, &edition(books.district, 3, 20, None)).await.expect("room");
    overlap(keep(&books, &edition(books.district, 4, 19, Some(21))).await);

    let mut draft = edition(books.district, 5, 15, None);
    draft.state = RulebookState::Checked;
    keep(&books, &draft).await.expect("a draft may overlap");
    draft.state = RulebookState::Effective;
    let mut tx = books.write().await;
    overlap(rulebooks::save(&mut tx, &draft, at(0)).await.map(|_| ()));
    drop(tx);
    books.close().await;
}

#[tokio::test]
async fn what_credits_may_name_is_kept_as_it_was_approved() {
    let books = Books::open().await;
    end_first(&books, 10).await;
    for change in [
        "UPDATE rulebook SET body = '{}'",
        "UPDATE rulebook SET version = 9",
        "UPDATE rulebook SET state = 'draft'",
        "UPDATE rulebook SET effective_from = '1999-01-01T00:00:00+00:00'",
        "UPDATE rulebook SET effective_to = NULL, state = 'effective'",
        "DELETE FROM rulebook",
    ] {
        let error = StorageError::from(books.execute(change).await.expect_err(change));
        assert!(error.breaks("rulebook_kept"), "{change}: {error}");
    }
    books.close().await;
}

#[tokio::test]
async fn one_scope_has_one_version_without_an_end() {
    let books = Books::open().await;
    for guard in ["rulebook_overlap", "rulebook_overlap_INSERT"] {
        let on = if guard.ends_with("INSERT") { "" } else { " ON rulebook" };
        // One of the two is this database's.
        books.execute(&format!("DROP TRIGGER {guard}{on}")).await.ok();
    }
    let second = keep(&books, &edition(books.district, 2, 10, None)).await.expect_err("a second without an end");
    assert!(second.breaks("rulebook_open") || second.breaks("rulebook.scope_id"), "{second}");
    books.close().await;
}
