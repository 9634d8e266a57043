//! The demo's people, at every stage of the journey.

use domain::id::{MemberId, NodeId};
use domain::member::{Member, MemberCategory, MemberState};
use domain::personal::Phone;

use super::places::Tree;
use super::{ids, people};

/// How far somebody has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// On the roster; has never signed in.
    Unbound,
    /// Signed in and matched by phone number.
    Bound,
    /// Reported; the home unit has not answered.
    Submitted,
    /// Confirmed by the unit; the community has not answered.
    Confirmed,
    /// Accepted by the community: may serve.
    Active,
    /// Refused by the unit.
    RefusedByUnit,
    /// Refused by the community.
    RefusedByCommunity,
    /// Took the report back.
    Withdrawn,
    /// Moved away, and reported elsewhere.
    Left,
}

/// Name, person of the sandbox's login codes, unit, estate, stage. The first is the demo's member, the second leads.
const CAST: [(&str, &str, usize, usize, Stage); 62] = [
    ("张建国", "zhang-jianguo", 0, 2, Stage::Active),
    ("李秀英", "li-xiuying", 0, 2, Stage::Active),
    ("王海峰", "wang-haifeng", 1, 2, Stage::Active),
    ("赵丽华", "zhao-lihua", 2, 2, Stage::Active),
    ("刘志强", "liu-zhiqiang", 3, 2, Stage::Active),
    ("陈美玲", "chen-meiling", 0, 3, Stage::Active),
    ("杨国栋", "yang-guodong", 4, 3, Stage::Active),
    ("周晓燕", "zhou-xiaoyan", 5, 3, Stage::Active),
    ("吴永平", "wu-yongping", 6, 2, Stage::Active),
    ("孙桂兰", "sun-guilan", 7, 0, Stage::Active),
    ("马俊杰", "ma-junjie", 8, 0, Stage::Active),
    ("朱文斌", "zhu-wenbin", 9, 1, Stage::Active),
    ("胡雪梅", "hu-xuemei", 10, 1, Stage::Active),
    ("郭振华", "guo-zhenhua", 11, 4, Stage::Active),
    ("何春霞", "he-chunxia", 12, 4, Stage::Active),
    ("高明远", "gao-mingyuan", 13, 5, Stage::Active),
    ("林爱琴", "lin-aiqin", 14, 5, Stage::Active),
    ("罗立军", "luo-lijun", 15, 6, Stage::Active),
    ("梁慧敏", "liang-huimin", 16, 6, Stage::Active),
    ("宋学文", "song-xuewen", 17, 7, Stage::Active),
    ("郑红霞", "zheng-hongxia", 18, 7, Stage::Active),
    ("谢光辉", "xie-guanghui", 19, 2, Stage::Active),
    ("韩静宜", "han-jingyi", 20, 2, Stage::Active),
    ("唐思远", "tang-siyuan", 21, 3, Stage::Active),
    ("冯玉珍", "feng-yuzhen", 22, 0, Stage::Active),
    ("于佳宁", "yu-jianing", 23, 1, Stage::Active),
    ("董瑞林", "dong-ruilin", 24, 4, Stage::Active),
    ("程子涵", "cheng-zihan", 25, 5, Stage::Active),
    ("曹凤英", "cao-fengying", 0, 6, Stage::Active),
    ("袁宏伟", "yuan-hongwei", 1, 7, Stage::Active),
    ("邓云飞", "deng-yunfei", 2, 2, Stage::Active),
    ("许雅琳", "xu-yalin", 3, 3, Stage::Active),
    ("傅建民", "fu-jianmin", 4, 0, Stage::Active),
    ("沈丽娟", "shen-lijuan", 0, 1, Stage::Active),
    ("曾志勇", "zeng-zhiyong", 0, 2, Stage::Submitted),
    ("彭秀兰", "peng-xiulan", 0, 3, Stage::Submitted),
    ("吕海涛", "lv-haitao", 1, 2, Stage::Submitted),
    ("苏晓梅", "su-xiaomei", 5, 4, Stage::Submitted),
    ("卢文静", "lu-wenjing", 0, 5, Stage::Submitted),
    ("蒋国强", "jiang-guoqiang", 0, 2, Stage::Confirmed),
    ("蔡明珠", "cai-mingzhu", 2, 2, Stage::Confirmed),
    ("贾永刚", "jia-yonggang", 3, 3, Stage::Confirmed),
    ("丁桂芳", "ding-guifang", 0, 6, Stage::Confirmed),
    ("魏俊峰", "wei-junfeng", 7, 0, Stage::Confirmed),
    ("薛雪莲", "xue-xuelian", 0, 2, Stage::RefusedByUnit),
    ("叶振国", "ye-zhenguo", 1, 3, Stage::RefusedByCommunity),
    ("阎春梅", "yan-chunmei", 2, 5, Stage::RefusedByCommunity),
    ("余学军", "yu-xuejun", 4, 2, Stage::Withdrawn),
    ("潘慧玲", "pan-huiling", 6, 2, Stage::Left),
    ("杜立新", "du-lixin", 0, 2, Stage::Bound),
    ("戴红英", "dai-hongying", 1, 3, Stage::Bound),
    ("夏光明", "xia-guangming", 2, 0, Stage::Bound),
    ("钟静芳", "zhong-jingfang", 3, 1, Stage::Bound),
    ("汪思雨", "wang-siyu", 8, 4, Stage::Bound),
    ("田佳慧", "tian-jiahui", 9, 5, Stage::Bound),
    ("任瑞云", "ren-ruiyun", 0, 2, Stage::Unbound),
    ("姜子轩", "jiang-zixuan", 0, 3, Stage::Unbound),
    ("范凤琴", "fan-fengqin", 1, 2, Stage::Unbound),
    ("方宏志", "fang-hongzhi", 2, 0, Stage::Unbound),
    ("石云霞", "shi-yunxia", 3, 1, Stage::Unbound),
    ("姚爱民", "yao-aimin", 4, 4, Stage::Unbound),
    ("谭建军", "tan-jianjun", 5, 6, Stage::Unbound),
];

/// Somebody of the cast.
pub(super) struct Player {
    pub(super) number: u64,
    pub(super) member: Member,
    pub(super) phone: Phone,
    pub(super) person: &'static str,
    pub(super) estate: NodeId,
    pub(super) stage: Stage,
}

/// Everybody of the cast.
pub(super) fn players(tree: &Tree) -> Vec<Player> {
    CAST.iter()
        .zip(0..)
        .map(|((name, person, unit, estate, stage), number)| {
            let phone = people::phone("138", number + 1);
            let (id, unit) = (ids::member(number), tree.units[unit % tree.units.len()]);
            let member = in_service(id, (*name).into(), &phone, unit);
            Player { number, member, phone, person, estate: tree.estates[*estate], stage: *stage }
        })
        .collect()
}

/// How many there are.
pub(super) fn size() -> u64 {
    CAST.len() as u64
}

/// Somebody in service on the roster of a unit.
pub(super) fn in_service(id: MemberId, name: String, phone: &Phone, unit: NodeId) -> Member {
    Member {
        id,
        number: public_number(id),
        name,
        phone_tail: phone.tail().into(),
        unit,
        category: MemberCategory::InService,
        state: MemberState::Active,
    }
}

/// A public number that nobody else has: multiplying by a number prime to 100,000,000 only reorders.
fn public_number(id: MemberId) -> String {
    let number = id.uuid().as_u128() & 0xffff_ffff_ffff;
    format!("PC{:08}", (number * 61_803_399 + 12_345_678) % 100_000_000)
}
