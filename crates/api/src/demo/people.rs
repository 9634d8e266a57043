//! Invented people: names, phone numbers and party records.

use chrono::NaiveDate;
use domain::personal::{PartyRecord, Phone};

use super::draw::Draw;

const SURNAMES: [&str; 48] = [
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "胡", "朱", "高", "林", "何", "郭", "马",
    "罗", "梁", "宋", "郑", "谢", "韩", "唐", "冯", "于", "董", "萧", "程", "曹", "袁", "邓", "许", "傅", "沈", "曾",
    "彭", "吕", "苏", "卢", "蒋", "蔡", "贾", "丁", "魏", "薛",
];
const FIRST: [&str; 32] = [
    "建", "志", "文", "晓", "海", "春", "国", "明", "红", "秀", "丽", "玉", "永", "俊", "雪", "雅", "思", "子", "佳",
    "慧", "振", "学", "美", "桂", "凤", "立", "光", "宏", "瑞", "静", "云", "爱",
];
const SECOND: [&str; 32] = [
    "华", "军", "平", "峰", "燕", "梅", "强", "芳", "伟", "霞", "英", "兰", "涛", "琴", "宁", "林", "敏", "斌", "玲",
    "杰", "萍", "龙", "娟", "辉", "莉", "鹏", "颖", "波", "洁", "超", "珍", "琳",
];

/// Somebody on the roster.
pub(super) struct Person {
    /// The name.
    pub(super) name: String,
    /// The phone number.
    pub(super) phone: Phone,
}

/// The person with this number among the many. Numbers under 199 0… are given to nobody else here.
pub(super) fn one_of_many(number: u64) -> Person {
    let mut draw = Draw::of("person", number);
    let second = if draw.below(5) == 0 { "" } else { draw.pick(&SECOND) };
    Person { name: format!("{}{}{second}", draw.pick(&SURNAMES), draw.pick(&FIRST)), phone: phone("199", number) }
}

/// A phone number that is plainly invented: a prefix, and a running number.
pub(super) fn phone(prefix: &str, number: u64) -> Phone {
    let text = format!("{prefix}{number:08}");
    Phone::parse(&text).unwrap_or_else(|_| unreachable!("{text} is eleven digits"))
}

/// The party record of the member with this number, who belongs to a unit with this party organisation.
pub(super) fn party_record(organisation: &str, number: u64) -> PartyRecord {
    let mut draw = Draw::of("party record", number);
    let branch = ["第一党支部", "第二党支部", "第三党支部", "机关党支部"];
    let year = i32::try_from(draw.between(1986, 2021)).unwrap_or(2000);
    let month = u32::try_from(draw.between(1, 12)).unwrap_or(7);
    let day = u32::try_from(draw.between(1, 28)).unwrap_or(1);
    PartyRecord {
        organisation: format!("{organisation}{}", draw.pick(&branch)),
        joined_on: NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_share_a_number() {
        let numbers: HashSet<_> = (0..5_000).map(|n| one_of_many(n).phone.reveal().to_owned()).collect();
        assert_eq!(numbers.len(), 5_000);
    }
}
