//! The records behind transfers (入账依据), as seals cover them.

use std::collections::BTreeMap;

use domain::points::chain::Hash;
use domain::points::record::{SealedEvent, SealedService};
use domain::points::{CreditDecision, Source};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use crate::database::ReadTx;
use crate::earn_events::row as event;
use crate::error::Result;
use crate::mapping::code;
use crate::service_records::row as service;

/// Who was given something by what.
type Occasion = (Uuid, String, Uuid);

/// The hashes of the records behind these transfers: the event first, then the service that was verified with it.
pub(crate) async fn hashes_behind(tx: &ReadTx, transfers: &[Uuid]) -> Result<BTreeMap<Uuid, Vec<Hash>>> {
    let events = event::Entity::find().filter(event::Column::TransferId.is_in(transfers.iter().copied()));
    let mut hashes: BTreeMap<Uuid, Vec<Hash>> = BTreeMap::new();
    let mut transfer_of: BTreeMap<Occasion, Uuid> = BTreeMap::new();
    for row in events.all(&tx.on()).await? {
        let Some(transfer) = row.transfer_id else { continue };
        transfer_of.insert((row.member_id, row.source_kind.clone(), row.source_id), transfer);
        hashes.entry(transfer).or_default().push(event_hash(row)?);
    }
    let sources = transfer_of.keys().map(|(_, _, source)| *source);
    let members = transfer_of.keys().map(|(member, _, _)| *member);
    let services = service::Entity::find()
        .filter(service::Column::MemberId.is_in(members))
        .filter(service::Column::SourceId.is_in(sources));
    for row in services.all(&tx.on()).await? {
        let occasion = (row.member_id, row.source_kind.clone(), row.source_id);
        if let Some(transfer) = transfer_of.get(&occasion) {
            hashes.entry(*transfer).or_default().push(service_hash(&row)?);
        }
    }
    Ok(hashes)
}

fn event_hash(row: event::Model) -> Result<Hash> {
    let source =
        Source { kind: code::read("earn_event", "source_kind", row.source_id, &row.source_kind)?, id: row.source_id };
    let (member, rulebook) = (row.member_id.into(), row.rulebook_id.into());
    let (debt_paid, business_at) = (row.debt_paid, row.business_at);
    let decision = CreditDecision::try_from(row)?;
    Ok(SealedEvent { member, source, rulebook, decision: &decision, debt_paid, business_at }.hash())
}

fn service_hash(row: &service::Model) -> Result<Hash> {
    let source =
        Source { kind: code::read("service_record", "source_kind", row.id, &row.source_kind)?, id: row.source_id };
    let record = SealedService {
        id: row.id,
        member: row.member_id.into(),
        source,
        timed_minutes: row.timed_minutes,
        made_up_minutes: row.made_up_minutes,
        nature: code::read("service_record", "nature", row.id, &row.nature)?,
        served_at: row.served_at,
        verified_at: row.verified_at,
    };
    Ok(record.hash())
}
