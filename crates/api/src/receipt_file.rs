//! A receipt as a file: what a member downloads and anybody verifies offline.

use domain::id::{AccountId, LotId, MemberId, TransferId};
use domain::points::receipt::{Receipt, ReceiptLeg};
use domain::points::{Actor, Entry, Link, LotUse, NewLot, Occasion, Source, SourceKind, Transfer, TransferKind};
use serde::{Deserialize, Serialize};
use storage::seals::Signed;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::http::coded::Coded;
use crate::http::exact::{ExactTime, HexHash};
use crate::seal_file::SealView;

/// What the file says of itself. A change of the format changes the number at its end.
const ABOUT: &str = "智享平城积分记账凭证：本文件连同公布的封存公钥，可离线证明这笔积分曾如此入账且未被改动";
const FORMAT: &str = "zhixiang-receipt-1";

type TransferKindCode = Coded<TransferKind>;
type SourceKindCode = Coded<SourceKind>;

/// 记账凭证，可用 zhixiang verify-receipt 离线核验
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiptView {
    /// 说明
    #[schema(example = "智享平城积分记账凭证：本文件连同公布的封存公钥，可离线证明这笔积分曾如此入账且未被改动")]
    about: String,
    /// 格式版本
    #[schema(example = "zhixiang-receipt-1")]
    format: String,
    /// 党员编号
    member_id: Uuid,
    /// 记账
    transfer: SealedTransferView,
    /// 分录，合计为零
    legs: Vec<LegView>,
    /// 入账依据（积分核算记录、服务时长）的哈希
    records: Vec<HexHash>,
    /// 在这次封存中的位置，从 0 起
    #[schema(example = 0)]
    position: usize,
    /// 从这笔记账到默克尔树根，沿途另一侧的哈希
    path: Vec<HexHash>,
    /// 封存
    seal: SealView,
}

/// 记账
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SealedTransferView {
    /// 记账编号
    id: Uuid,
    /// 类型
    kind: TransferKindCode,
    /// 所冲销的记账
    reverses: Option<Uuid>,
    /// 事由
    #[schema(example = "首次报到")]
    reason: String,
    /// 来源的类型
    source_kind: SourceKindCode,
    /// 来源的编号
    source_id: Uuid,
    /// 经办方
    #[schema(example = "admin")]
    actor_kind: String,
    /// 经办人的编号；系统自动办理的没有
    actor_id: Option<Uuid>,
    /// 业务时间
    business_at: ExactTime,
    /// 入账时间
    posted_at: ExactTime,
}

/// 分录
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LegView {
    /// 序号
    #[schema(example = 0)]
    leg: i32,
    /// 账户：points 为本人积分，debt 为本人欠分，其余为系统账户
    #[schema(example = "points")]
    account: String,
    /// 账户编号
    account_id: Uuid,
    /// 金额，减少为负
    #[schema(example = 20)]
    amount: i64,
    /// 在本人账户哈希链中的位置；系统账户没有
    link: Option<LinkView>,
}

/// 在账户哈希链中的位置
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LinkView {
    /// 账户的第几笔
    #[schema(example = 1)]
    sequence: i64,
    /// 入账后的余额
    #[schema(example = 20)]
    balance_after: i64,
    /// 上一笔的哈希
    previous_hash: Option<HexHash>,
    /// 这一笔的哈希
    hash: HexHash,
    /// 新增的积分批次
    granted: Vec<GrantedLotView>,
    /// 动用的积分批次
    uses: Vec<UsedLotView>,
}

/// 新增的积分批次
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct GrantedLotView {
    /// 批次编号
    lot_id: Uuid,
    /// 积分
    #[schema(example = 20)]
    granted: i64,
    /// 到期时间；空为长期有效
    expires_at: Option<ExactTime>,
}

/// 动用的积分批次
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UsedLotView {
    /// 批次编号
    lot_id: Uuid,
    /// 积分，退回为负
    #[schema(example = 5)]
    amount: i64,
}

impl ReceiptView {
    /// Writes a receipt under its seal.
    pub fn new(receipt: Receipt, signed: Signed) -> Self {
        let Receipt { member, transfer, legs, records, position, path, .. } = receipt;
        let occasion = transfer.occasion;
        let transfer = SealedTransferView {
            id: transfer.id.uuid(),
            kind: Coded(transfer.kind),
            reverses: transfer.reverses.map(TransferId::uuid),
            reason: occasion.reason,
            source_kind: Coded(occasion.source.kind),
            source_id: occasion.source.id,
            actor_kind: occasion.actor.kind().into(),
            actor_id: occasion.actor.id(),
            business_at: ExactTime(occasion.business_at),
            posted_at: ExactTime(occasion.posted_at),
        };
        Self {
            about: ABOUT.into(),
            format: FORMAT.into(),
            member_id: member.uuid(),
            transfer,
            legs: legs.into_iter().map(|leg| LegView::new(leg, member)).collect(),
            records: records.into_iter().map(HexHash).collect(),
            position,
            path: path.into_iter().map(HexHash).collect(),
            seal: signed.into(),
        }
    }

    /// The seal that it names.
    pub fn seal(&self) -> &SealView {
        &self.seal
    }

    /// Reads what the file says; the sentence is what it cannot mean.
    pub fn read(self) -> Result<Receipt, &'static str> {
        if self.about != ABOUT || self.format != FORMAT {
            return Err("it is no receipt of this format");
        }
        let SealedTransferView { kind, source_kind, actor_kind, actor_id, .. } = self.transfer;
        let actor = Actor::read(&actor_kind, actor_id).ok_or("its transfer was posted by nobody")?;
        let transfer = Transfer {
            id: TransferId::new(self.transfer.id),
            kind: kind.0,
            reverses: self.transfer.reverses.map(TransferId::new),
            occasion: Occasion {
                reason: self.transfer.reason,
                source: Source { kind: source_kind.0, id: self.transfer.source_id },
                actor,
                business_at: self.transfer.business_at.0,
                posted_at: self.transfer.posted_at.0,
            },
        };
        let member = MemberId::new(self.member_id);
        let legs = self.legs.into_iter().map(|leg| leg.read(member)).collect::<Option<_>>();
        Ok(Receipt {
            member,
            transfer,
            legs: legs.ok_or("a leg is on another account than it says")?,
            records: self.records.into_iter().map(|hash| hash.0).collect(),
            seal: Signed::from(self.seal).seal,
            position: self.position,
            path: self.path.into_iter().map(|hash| hash.0).collect(),
        })
    }
}

impl LegView {
    fn new(leg: ReceiptLeg, member: MemberId) -> Self {
        let account = leg.account_kind(member).unwrap_or_default().into();
        let ReceiptLeg { entry, granted, uses } = leg;
        let granted = granted.into_iter().map(|lot| GrantedLotView {
            lot_id: lot.id.uuid(),
            granted: lot.granted,
            expires_at: lot.expires_at.map(ExactTime),
        });
        let uses = uses.into_iter().map(|used| UsedLotView { lot_id: used.lot.uuid(), amount: used.amount });
        let link = entry.link.map(|link| LinkView {
            sequence: link.sequence,
            balance_after: link.balance_after,
            previous_hash: link.previous_hash.map(HexHash),
            hash: HexHash(link.hash),
            granted: granted.collect(),
            uses: uses.collect(),
        });
        Self { leg: entry.leg, account, account_id: entry.account.uuid(), amount: entry.amount, link }
    }

    /// None if the account is not what the leg calls it.
    fn read(self, member: MemberId) -> Option<ReceiptLeg> {
        let account = AccountId::new(self.account_id);
        let (mut granted, mut uses) = (Vec::new(), Vec::new());
        let link = self.link.map(|link| {
            granted.extend(link.granted.into_iter().map(|lot| NewLot {
                id: LotId::new(lot.lot_id),
                account,
                granted: lot.granted,
                expires_at: lot.expires_at.map(|at| at.0),
            }));
            uses.extend(link.uses.into_iter().map(|used| LotUse { lot: LotId::new(used.lot_id), amount: used.amount }));
            Link {
                sequence: link.sequence,
                balance_after: link.balance_after,
                previous_hash: link.previous_hash.map(|hash| hash.0),
                hash: link.hash.0,
            }
        });
        let leg = ReceiptLeg { entry: Entry { leg: self.leg, account, amount: self.amount, link }, granted, uses };
        (leg.account_kind(member) == Some(self.account.as_str())).then_some(leg)
    }
}
