//! A page as a browser's parser reads it, and the few selectors that tests need.

use html5ever::tendril::TendrilSink as _;
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// An element with its place in the tree.
#[derive(Debug)]
pub(crate) struct Element {
    /// Its name.
    pub(crate) name: String,
    /// Names and values of its attributes, in the order of the source.
    pub(crate) attributes: Vec<(String, String)>,
    /// Every text below it.
    pub(crate) text: String,
    place: usize,
    parent: Option<usize>,
}

impl Element {
    /// The value of an attribute.
    pub(crate) fn attr(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Its text without space at the ends.
    pub(crate) fn words(&self) -> &str {
        self.text.trim()
    }

    /// Whether it is what a part of a selector says: `name`, `[attr]`, `[attr=value]`, `.class`.
    fn is(&self, part: &str) -> bool {
        let start = part.find(['.', '[']).unwrap_or(part.len());
        let (name, rest) = part.split_at(start);
        if !name.is_empty() && name != "*" && name != self.name {
            return false;
        }
        if let Some(class) = rest.strip_prefix('.') {
            return self
                .attr("class")
                .unwrap_or_default()
                .split(' ')
                .any(|c| c == class);
        }
        match rest.trim_matches(['[', ']']).split_once('=') {
            Some((name, value)) => self.attr(name) == Some(value),
            None => rest.is_empty() || self.attr(rest.trim_matches(['[', ']'])).is_some(),
        }
    }
}

/// A parsed page.
pub(crate) struct Page {
    /// What the parser found wrong.
    pub(crate) errors: Vec<String>,
    /// Comments and instructions.
    pub(crate) others: usize,
    elements: Vec<Element>,
}

impl Page {
    /// Parses a whole page.
    pub(crate) fn parse(source: &str) -> Self {
        let dom = html5ever::parse_document(RcDom::default(), Default::default()).one(source);
        let mut page = Page {
            errors: dom
                .errors
                .borrow()
                .iter()
                .map(ToString::to_string)
                .collect(),
            others: 0,
            elements: Vec::new(),
        };
        page.add(&dom.document, None);
        page
    }

    fn add(&mut self, node: &Handle, parent: Option<usize>) -> String {
        let mut below = parent;
        match &node.data {
            NodeData::Text { contents } => return contents.borrow().to_string(),
            NodeData::Comment { .. } | NodeData::ProcessingInstruction { .. } => self.others += 1,
            NodeData::Element { name, attrs, .. } => {
                below = Some(self.elements.len());
                let attributes = attrs.borrow();
                let attributes = attributes
                    .iter()
                    .map(|found| (found.name.local.to_string(), found.value.to_string()));
                self.elements.push(Element {
                    name: name.local.to_string(),
                    attributes: attributes.collect(),
                    text: String::new(),
                    place: self.elements.len(),
                    parent,
                });
            }
            NodeData::Document | NodeData::Doctype { .. } => {}
        }
        let children = node.children.borrow();
        let text: String = children
            .iter()
            .map(|child| self.add(child, below))
            .collect();
        if below != parent
            && let Some(element) = below.and_then(|place| self.elements.get_mut(place))
        {
            element.text.clone_from(&text);
        }
        text
    }

    /// Every element, in order.
    pub(crate) fn every(&self) -> &[Element] {
        &self.elements
    }

    /// What a selector picks, in order: parts behind each other are within each
    /// other, commas part alternatives.
    pub(crate) fn all(&self, selector: &str) -> Vec<&Element> {
        let picked = |element: &&Element| {
            selector.split(',').any(|one| {
                let mut parts = one.split_whitespace().rev();
                let last = parts.next().unwrap_or_default();
                element.is(last) && self.stands_in(element, parts)
            })
        };
        self.elements.iter().filter(picked).collect()
    }

    /// What a selector picks within an element.
    pub(crate) fn within(&self, element: &Element, selector: &str) -> Vec<&Element> {
        let mut picked = self.all(selector);
        picked.retain(|found| self.above(found).any(|above| above.place == element.place));
        picked
    }

    /// What an element is directly in.
    pub(crate) fn parent(&self, element: &Element) -> Option<&Element> {
        element.parent.and_then(|place| self.elements.get(place))
    }

    fn above<'a>(&'a self, element: &'a Element) -> impl Iterator<Item = &'a Element> {
        std::iter::successors(self.parent(element), |above| self.parent(above))
    }

    fn stands_in<'s>(&self, element: &Element, parts: impl Iterator<Item = &'s str>) -> bool {
        let mut above = self.above(element);
        let mut parts = parts;
        parts.all(|part| above.any(|found| found.is(part)))
    }
}
