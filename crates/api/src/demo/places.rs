//! The tree: the places that the report names come first and stay the same at every size, invented ones fill it up.

use std::collections::HashMap;

use domain::id::NodeId;
use domain::organisation::{Node, NodeKind, NodePath};

use super::ids;

/// A community and its estates.
type Named = (&'static str, &'static [&'static str]);

/// The streets, communities and estates that are always there.
const NAMED: [(&str, &[Named]); 2] = [
    ("水泊寺街道", &[("兴文社区", &["兴文苑小区", "书香里小区"]), ("文源社区", &["新河湾小区", "文源里小区"])]),
    ("大庆路街道", &[("局前社区", &["局前街小区", "古城南苑小区"]), ("民和社区", &["民和佳园小区", "民和北苑小区"])]),
];

const UNITS: [&str; 26] = [
    "区教育局",
    "区卫生健康局",
    "区财政局",
    "区民政局",
    "区司法局",
    "区住房和城乡建设局",
    "区市场监督管理局",
    "区文化和旅游局",
    "区人力资源和社会保障局",
    "区应急管理局",
    "区审计局",
    "区统计局",
    "区农业农村局",
    "区发展和改革局",
    "区工业和信息化局",
    "区交通运输局",
    "区水务局",
    "区退役军人事务局",
    "区医疗保障局",
    "区行政审批服务管理局",
    "区信访局",
    "区档案馆",
    "区总工会",
    "团区委",
    "区妇女联合会",
    "区图书馆",
];

const DIRECTIONS: [&str; 8] = ["东", "西", "南", "北", "中", "新", "上", "下"];
const STREETS: [&str; 12] =
    ["迎宾", "清远", "永泰", "和阳", "武定", "魏都", "平安", "振兴", "文瀛", "同泉", "御河", "向阳"];
const COMMUNITIES: [&str; 12] =
    ["春晖", "福源", "同心", "康宁", "和顺", "锦绣", "安居", "朝阳", "翠微", "柳港", "永和", "瑞景"];
const ESTATES: [&str; 16] = [
    "阳光", "金色", "碧水", "景园", "丽景", "紫云", "枫林", "桃园", "云海", "恒安", "雅居", "水岸", "银杏", "世纪",
    "书苑", "泰和",
];

const COMMUNITIES_OF_STREET: usize = 8;
const ESTATES_OF_COMMUNITY: usize = 7;

/// Every node, parents before children, and which of them are communities, estates and units.
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) subdistricts: Vec<NodeId>,
    pub(super) communities: Vec<NodeId>,
    pub(super) estates: Vec<NodeId>,
    pub(super) units: Vec<NodeId>,
    places: HashMap<NodeId, usize>,
    children: Vec<u32>,
}

impl Tree {
    /// A district with so many estates and units; never fewer estates than the named ones.
    pub(super) fn grow(estates: usize, units: usize) -> Self {
        let district = Node {
            id: ids::DISTRICT,
            parent: None,
            kind: NodeKind::District,
            name: "平城区".into(),
            party_organisation: Some("中共大同市平城区委员会".into()),
            path: NodePath::root(),
        };
        let mut tree = Self {
            nodes: vec![district],
            subdistricts: Vec::new(),
            communities: Vec::new(),
            estates: Vec::new(),
            units: Vec::new(),
            places: HashMap::from([(ids::DISTRICT, 0)]),
            children: vec![0],
        };
        for (street, communities) in NAMED {
            let street = tree.subdistrict(street.into());
            for (community, estates) in communities {
                let community = tree.community(street, (*community).into());
                for estate in *estates {
                    tree.estate(community, (*estate).into());
                }
            }
        }
        tree.fill(estates);
        for number in 0..units {
            let round = if number < UNITS.len() { String::new() } else { format!("第{}分局", number / UNITS.len()) };
            tree.unit(format!("{}{round}", UNITS[number % UNITS.len()]));
        }
        tree
    }

    fn fill(&mut self, estates: usize) {
        let missing = estates.saturating_sub(self.estates.len());
        let mut place = (0, 0);
        for number in 0..missing {
            let community = number / ESTATES_OF_COMMUNITY;
            let street = community / COMMUNITIES_OF_STREET;
            if number % (ESTATES_OF_COMMUNITY * COMMUNITIES_OF_STREET) == 0 {
                place.0 = self.subdistrict(format!("{}街道", both(street, &STREETS, &DIRECTIONS)));
            }
            if number % ESTATES_OF_COMMUNITY == 0 {
                let name = both(community, &COMMUNITIES, &DIRECTIONS);
                place.1 = self.community(place.0, format!("{name}社区"));
            }
            let name = both(number, &ESTATES, &COMMUNITIES);
            self.estate(place.1, format!("{name}小区"));
        }
    }

    fn subdistrict(&mut self, name: String) -> usize {
        let id = ids::subdistrict(self.subdistricts.len() as u64);
        self.subdistricts.push(id);
        let party = format!("{name}党工委");
        self.hang(0, id, NodeKind::Subdistrict, name, party)
    }

    fn community(&mut self, below: usize, name: String) -> usize {
        let id = ids::community(self.communities.len() as u64);
        self.communities.push(id);
        let party = format!("{name}党委");
        self.hang(below, id, NodeKind::Community, name, party)
    }

    fn estate(&mut self, below: usize, name: String) {
        let id = ids::estate(self.estates.len() as u64);
        self.estates.push(id);
        let party = format!("{name}党支部");
        self.hang(below, id, NodeKind::Estate, name, party);
    }

    fn unit(&mut self, name: String) {
        let id = ids::unit(self.units.len() as u64);
        self.units.push(id);
        let party = format!("{name}党组织");
        self.hang(0, id, NodeKind::Unit, name, party);
    }

    fn hang(&mut self, below: usize, id: NodeId, kind: NodeKind, name: String, party: String) -> usize {
        self.children[below] += 1;
        let path = self.nodes[below].path.child(self.children[below]);
        let parent = Some(self.nodes[below].id);
        self.nodes.push(Node { id, parent, kind, name, party_organisation: Some(party), path });
        self.children.push(0);
        self.places.insert(id, self.nodes.len() - 1);
        self.nodes.len() - 1
    }

    /// A node by its id.
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[self.places.get(&id).copied().unwrap_or(0)]
    }
}

/// The `number`th name of two parts; the second part changes once all firsts are used up.
fn both(number: usize, firsts: &[&str], seconds: &[&str]) -> String {
    let (first, round) = (firsts[number % firsts.len()], number / firsts.len());
    if round == 0 { first.into() } else { format!("{first}{}", seconds[(round - 1) % seconds.len()]) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_district_has_its_estates_under_distinct_names() {
        let tree = Tree::grow(724, 26);
        assert_eq!((tree.estates.len(), tree.units.len()), (724, 26));
        let names: HashSet<_> = tree.nodes.iter().map(|node| (node.parent, &node.name)).collect();
        assert_eq!(names.len(), tree.nodes.len());
        let units: HashSet<_> = tree.units.iter().map(|unit| &tree.node(*unit).name).collect();
        assert_eq!(units.len(), 26);
    }

    #[test]
    fn the_named_places_keep_their_ids() {
        let tree = Tree::grow(8, 26);
        let name = |id| tree.node(id).name.as_str();
        assert_eq!([name(ids::SUBDISTRICT), name(ids::COMMUNITY)], ["水泊寺街道", "文源社区"]);
        assert_eq!([name(ids::ESTATE), name(ids::UNIT)], ["新河湾小区", "区教育局"]);
    }
}
