//! An objection to service in its publicity that nobody has decided.

use domain::objection::Objection;
use domain::time::Instant;
use storage::{WriteTx, enrolments, objections};

use super::ids;
use super::journey::Journey;
use crate::failure::Failure;

/// Puts it there, once the service is.
pub(super) async fn make(tx: &mut WriteTx, journey: &Journey, now: Instant) -> Result<(), Failure> {
    let mut service = journey.enrolment(ids::DISPUTED_ENROLMENT)?.clone();
    let reason = "当天九点到十一点我一直在三号楼，没有见到这位同志".into();
    let objection = Objection::object(ids::OBJECTION, &mut service, ids::MEMBER, reason, 0, now)
        .map_err(|refusal| Failure::Found(format!("the demo's objection: {refusal}")))?;
    enrolments::update(tx, &service).await?;
    Ok(objections::insert(tx, &objection).await?)
}
