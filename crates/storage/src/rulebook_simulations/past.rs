//! The past as a replay reads it: every event that earned, member by member in time order, a page at a time.

use domain::id::MemberId;
use domain::organisation::NodePath;
use domain::points::EarnRule;
use domain::points::replay::{Past, Period};
use domain::time::Instant;
use sea_orm::{ConnectionTrait, FromQueryResult, Statement, Value};
use uuid::Uuid;

use crate::database::ReadTx;
use crate::error::{Result, StorageError};

/// Where a draft would hold.
#[derive(Clone, Debug)]
pub struct Place {
    /// How deep its scope lies in the tree; 0 is the district.
    pub depth: i32,
    /// Its scope's subtree.
    pub path: NodePath,
}

/// Where a page ended.
#[derive(Clone, Debug)]
pub struct Cursor {
    member: MemberId,
    at: Instant,
    source_kind: String,
    source: Uuid,
}

/// An event is concerned if its place lies in the draft's subtree and no nearer scope's rules decided it: of service where it
/// was served, else where the member lived. Void service is as if it had never been served.
const SELECT: &str = "SELECT v.member_id, v.source_kind, v.source_id, v.rule, v.timed_minutes, v.made_up_minutes, \
    v.points, v.business_at, \
    CASE WHEN scope.depth <= $3 AND ($3 = 0 OR place.path LIKE $4) THEN 1 ELSE 0 END AS concerned \
    FROM earn_event AS v \
    JOIN rulebook AS r ON r.id = v.rulebook_id \
    JOIN organisation AS scope ON scope.id = r.scope_id \
    LEFT JOIN enrolment AS e ON v.source_kind = 'enrolment' AND e.id = v.source_id \
    LEFT JOIN activity AS a ON a.id = e.activity_id \
    LEFT JOIN reward AS w ON v.source_kind = 'reward' AND w.id = v.source_id \
    LEFT JOIN organisation AS place ON place.id = CASE WHEN v.source_kind = 'first_residency' \
    THEN (SELECT h.estate_id FROM residency AS h WHERE h.member_id = v.member_id AND h.accepted_at IS NOT NULL \
    ORDER BY h.accepted_at LIMIT 1) WHEN v.source_kind = 'reward' \
    THEN (SELECT h.estate_id FROM residency AS h WHERE h.member_id = v.member_id AND h.accepted_at <= w.decided_at \
    ORDER BY h.accepted_at DESC LIMIT 1) ELSE a.node_id END \
    LEFT JOIN misconduct_case AS m ON v.source_kind = 'enrolment' AND m.enrolment_id = v.source_id \
    AND m.state IN ('confirmed', 'appealed', 'upheld') \
    WHERE m.id IS NULL AND v.business_at >= $1 AND v.business_at < $2";

const AFTER: &str = "AND (v.member_id, v.business_at, v.source_kind, v.source_id) > ($5, $6, $7, $8)";

/// At most so many events after the cursor, and where they ended.
pub async fn page(
    tx: &ReadTx,
    place: &Place,
    period: Period,
    after: Option<&Cursor>,
    limit: u32,
) -> Result<(Vec<Past>, Option<Cursor>)> {
    let mut values: Vec<Value> = vec![
        period.remembered_from().into(),
        period.to.into(),
        place.depth.into(),
        format!("{}%", place.path.as_str()).into(),
    ];
    if let Some(Cursor { member, at, source_kind, source }) = after {
        values.extend([member.uuid().into(), (*at).into(), source_kind.clone().into(), (*source).into()]);
    }
    let after = if after.is_some() { AFTER } else { "" };
    let sql = format!("{SELECT} {after} ORDER BY v.member_id, v.business_at, v.source_kind, v.source_id LIMIT {limit}");
    let rows = tx.on().query_all_raw(Statement::from_sql_and_values(tx.backend(), sql, values)).await?;
    let mut events = Vec::with_capacity(rows.len());
    let mut last = None;
    for row in rows {
        let row = EventRow::from_query_result(&row, "")?;
        let (member, source) = (MemberId::new(row.member_id), row.source_id);
        let rule = EarnRule::from_key(&row.rule);
        events.push(Past {
            member,
            rule: rule.ok_or_else(|| StorageError::corrupt("earn_event", "rule", source))?,
            timed_minutes: row.timed_minutes,
            made_up_minutes: row.made_up_minutes,
            at: row.business_at,
            points: row.points,
            concerned: row.concerned == 1,
        });
        last = Some(Cursor { member, at: row.business_at, source_kind: row.source_kind, source });
    }
    Ok((events, last))
}

#[derive(Debug, FromQueryResult)]
struct EventRow {
    member_id: Uuid,
    source_kind: String,
    source_id: Uuid,
    rule: String,
    timed_minutes: i64,
    made_up_minutes: i64,
    points: i64,
    business_at: Instant,
    concerned: i32,
}
