//! The demo's ids are constants, so that the contract's examples work on a fresh demo as printed. They are UUIDs of
//! version 7 from the end of 2024: everything that comes later sorts after them.

use domain::id::{
    ActivityId, ActivitySessionId, AdjustmentId, AdminId, ApplicationId, ComplaintId, DonationId, EnrolmentId,
    ExclusionId, HoldId, IdentityId, ImportId, InvitationId, LotId, MemberId, MerchantId, MisconductId, NodeId,
    ObjectionId, OfferId, RedemptionId, ResidencyId, ReversalId, RewardId, RoleGrantId, RulebookId, SimulationId,
    StaffId, StoreId,
};
use uuid::Uuid;

/// The district.
pub const DISTRICT: NodeId = NodeId::new(id(1, 1));
/// 水泊寺街道.
pub const SUBDISTRICT: NodeId = subdistrict(0);
/// 文源社区.
pub const COMMUNITY: NodeId = community(1);
/// 新河湾小区.
pub const ESTATE: NodeId = estate(2);
/// 区教育局.
pub const UNIT: NodeId = unit(0);
/// 张建国, who lives in 新河湾小区, has served and may redeem.
pub const MEMBER: MemberId = member(0);
/// The voucher that 张建国 has not used yet.
pub const REDEMPTION: RedemptionId = redemption(9);
/// A voucher that the shop confirmed a few hours ago.
pub const VERIFIED_REDEMPTION: RedemptionId = redemption(12);
/// The shop's request that another confirmation be undone.
pub const REVERSAL: ReversalId = reversal(0);
/// The report of 曾志勇, which waits for the unit.
pub const RESIDENCY: ResidencyId = residency(34);
/// The report of 蒋国强, which waits for the community.
pub const CONFIRMED_RESIDENCY: ResidencyId = residency(39);
/// Where 张建国 lives.
pub const ACTIVE_RESIDENCY: ResidencyId = residency(0);
/// 李秀英, who leads the activity that runs now.
pub const LEAD: MemberId = member(1);
/// An activity with free seats, in two days.
pub const ACTIVITY: ActivityId = activity(0);
/// Its session.
pub const ACTIVITY_SESSION: ActivitySessionId = activity_session(0);
/// The activity that runs when the demo is first started.
pub const RUNNING_ACTIVITY: ActivityId = activity(1);
/// Its session.
pub const RUNNING_SESSION: ActivitySessionId = activity_session(1);
/// Somebody who is checked in there.
pub const RUNNING_ENROLMENT: EnrolmentId = enrolment(0x08);
/// An activity that ended yesterday and whose lead, 李秀英, has confirmed nobody yet.
pub const FINISHED_ACTIVITY: ActivityId = activity(6);
/// Somebody who was there.
pub const FINISHED_ENROLMENT: EnrolmentId = enrolment(0x22);
/// Somebody who signed up for it and did not come.
pub const ABSENT_ENROLMENT: EnrolmentId = enrolment(0x28);
/// An activity that waits to be published.
pub const PROPOSED_ACTIVITY: ActivityId = activity(15);
/// Attendance that its lead has confirmed and that waits for review.
pub const CONFIRMED_ENROLMENT: EnrolmentId = enrolment(0x29);
/// Service of 王海峰 that is public and to which nobody has objected.
pub const PUBLIC_ENROLMENT: EnrolmentId = enrolment(0x30);
/// Service of 刘志强 to which 张建国 has objected.
pub const DISPUTED_ENROLMENT: EnrolmentId = enrolment(0x31);
/// Service in 新河湾小区 that was credited to 刘志强.
pub const CREDITED_ENROLMENT: EnrolmentId = enrolment(0x3b);
/// 孙晓明's application, for which the unit's answer is awaited.
pub const APPLICATION: ApplicationId = application(0);
/// A complaint that nobody has answered.
pub const COMPLAINT: ComplaintId = complaint(0);
/// An adjustment that nobody has decided.
pub const ADJUSTMENT: AdjustmentId = adjustment(0);
/// A granted wish that nobody has rewarded yet.
pub const REWARD: RewardId = reward(0);
/// What stops 姜子轩 from spending, as long as the unit says so.
pub const EXCLUSION: ExclusionId = exclusion(0);
/// A case of misconduct that nobody has decided.
pub const MISCONDUCT_CASE: MisconductId = misconduct_case(0);
/// A case that was confirmed and against which the member may still appeal.
pub const CONFIRMED_CASE: MisconductId = misconduct_case(1);
/// A case whose appeal waits for the district.
pub const APPEALED_CASE: MisconductId = misconduct_case(2);
/// The objection, which nobody has decided.
pub const OBJECTION: ObjectionId = objection(0);
/// A roster that 区教育局 handed in.
pub const ROSTER_IMPORT: ImportId = roster_import(0);
/// A draft of 水泊寺街道's own rules, which waits for approval.
pub const RULEBOOK: RulebookId = rulebook(0);
/// A draft of 文源社区's own rules, which its drafter has not checked yet.
pub const DRAFT_RULEBOOK: RulebookId = rulebook(1);
/// What the first would have done.
pub const SIMULATION: SimulationId = simulation(0);
/// 晋阳面馆.
pub const MERCHANT: MerchantId = merchant(0);
/// Its store.
pub const STORE: StoreId = store(0);
/// A bowl of noodles, which 张建国 has not redeemed yet.
pub const OFFER: OfferId = offer(0);
/// An offer that is still being written.
pub const DRAFT_OFFER: OfferId = offer(0x15);
/// An offer that waits for approval.
pub const SUBMITTED_OFFER: OfferId = offer(0x11);
/// An offer that is approved and not shown yet.
pub const APPROVED_OFFER: OfferId = offer(0x17);
/// A shopping bag, of which there is no end: for benches.
pub const PLENTIFUL_OFFER: OfferId = offer(1);

/// The first who hands out noodles.
pub const STAFF: StaffId = staff(0);
/// An invitation to work in that store, and the code that opens it.
pub const INVITATION: InvitationId = invitation(0);
/// The same for everybody: there are no such accounts outside of a demo.
pub const INVITATION_CODE: &str = "7Q2M-9XKD-4TRB-0W8N";
/// The account of the community's admin.
pub const ADMIN: AdminId = admin(2);
/// The role of the community's admin.
pub const ROLE_GRANT: RoleGrantId = role_grant(2);

macro_rules! numbered {
    ($($kind:literal $make:ident -> $id:ident),+ $(,)?) => {$(
        pub(super) const fn $make(number: u64) -> $id {
            $id::new(id($kind, number))
        }
    )+};
}

numbered! {
    2 subdistrict -> NodeId,
    3 community -> NodeId,
    4 estate -> NodeId,
    5 unit -> NodeId,
    0x11 member -> MemberId,
    0x12 identity -> IdentityId,
    0x13 application -> ApplicationId,
    0x17 roster_import -> ImportId,
    0x1d applicant -> IdentityId,
    0x51 complaint -> ComplaintId,
    0x1c staff_identity -> IdentityId,
    0x14 admin -> AdminId,
    0x15 role_grant -> RoleGrantId,
    0x16 residency -> ResidencyId,
    0x21 activity -> ActivityId,
    0x22 activity_session -> ActivitySessionId,
    0x23 enrolment -> EnrolmentId,
    0x31 lot -> LotId,
    0x34 hold -> HoldId,
    0x35 adjustment -> AdjustmentId,
    0x36 donation -> DonationId,
    0x37 misconduct_case -> MisconductId,
    0x38 rulebook -> RulebookId,
    0x39 simulation -> SimulationId,
    0x3a reward -> RewardId,
    0x3b objection -> ObjectionId,
    0x3c exclusion -> ExclusionId,
    0x41 merchant -> MerchantId,
    0x42 store -> StoreId,
    0x43 staff -> StaffId,
    0x44 offer -> OfferId,
    0x45 redemption -> RedemptionId,
    0x46 invitation -> InvitationId,
    0x47 reversal -> ReversalId,
}

/// Things without an id of their own type.
pub(super) const fn service_record(number: u64) -> Uuid {
    id(0x33, number)
}

/// A pairing of a unit and a community.
pub(super) const fn pairing(number: u64) -> Uuid {
    id(6, number)
}

/// `01940000-kkkk-7000-8000-nnnnnnnnnnnn`
const fn id(kind: u16, number: u64) -> Uuid {
    Uuid::from_u128(0x0194_0000_0000_7000_8000_0000_0000_0000 | (kind as u128) << 80 | number as u128)
}
