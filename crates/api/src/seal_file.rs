//! A seal as it is published, with everything by which its signature can be checked.

use domain::points::seal::Seal;
use serde::{Deserialize, Serialize};
use storage::seals::Signed;
use utoipa::ToSchema;

use crate::http::exact::{Base64Bytes, ExactTime, HexHash};

/// 账本封存：对一批记账的签名，一经公布即可用来核验其中每一笔
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SealView {
    /// 序号，从 1 起连续
    #[schema(example = 1)]
    pub number: i64,
    /// 上一次封存的根；第一次没有
    pub previous_root: Option<HexHash>,
    /// 本次封存的默克尔树根
    pub root: HexHash,
    /// 封存的记账笔数
    #[schema(example = 128)]
    pub transfers: i64,
    /// 签名时间
    pub signed_at: ExactTime,
    /// 签名密钥的编号
    #[schema(example = "21fe31dfa154a261")]
    pub key_id: String,
    /// Ed25519 签名
    pub signature: Base64Bytes,
}

impl From<Signed> for SealView {
    fn from(signed: Signed) -> Self {
        let Signed { seal, key_id, signature } = signed;
        Self {
            number: seal.number,
            previous_root: seal.previous_root.map(HexHash),
            root: HexHash(seal.root),
            transfers: seal.transfers,
            signed_at: ExactTime(seal.signed_at),
            key_id,
            signature: Base64Bytes(signature),
        }
    }
}

impl From<SealView> for Signed {
    fn from(view: SealView) -> Self {
        let seal = Seal {
            number: view.number,
            previous_root: view.previous_root.map(|root| root.0),
            root: view.root.0,
            transfers: view.transfers,
            signed_at: view.signed_at.0,
        };
        Self { seal, key_id: view.key_id, signature: view.signature.0 }
    }
}
