//! As much of CDDL (RFC 8610) as `campana.cddl` uses: rules, arrays with occurrences, choices, groups
//! in parentheses, ranges, numbers, `.size` and `.cbor`. No maps, no generics.

use std::collections::BTreeMap;

use minicbor::Decoder;
use minicbor::data::Type;

/// A type.
#[derive(Debug, Clone)]
enum Shape {
    Choice(Vec<Self>),
    Array(Vec<Item>),
    Named(String),
    Number(u64),
    Range(u64, u64),
    Sized(String, u64),
    /// Bytes that hold another value.
    Holding(Box<Self>),
}

/// One entry of an array: how often it may come.
#[derive(Debug, Clone)]
struct Item {
    least: usize,
    most: usize,
    shape: Shape,
}

/// The rules of a file.
pub(crate) struct Cddl(BTreeMap<String, Shape>);

impl Cddl {
    pub(crate) fn parse(text: &str) -> Self {
        let mut tokens = Tokens::of(text);
        let mut rules = BTreeMap::new();
        while let Some(name) = tokens.next() {
            assert_eq!(tokens.next().as_deref(), Some("="), "after {name}");
            let shape = tokens.shape();
            assert!(rules.insert(name.clone(), shape).is_none(), "{name} has two rules");
        }
        Self(rules)
    }

    /// Whether these bytes are one value of this rule and nothing after it.
    pub(crate) fn fits(&self, rule: &str, bytes: &[u8]) -> bool {
        let mut decoder = Decoder::new(bytes);
        self.value(&Shape::Named(rule.to_owned()), &mut decoder) && decoder.position() == bytes.len()
    }

    /// Names that are used and have no rule.
    pub(crate) fn undefined(&self) -> Vec<String> {
        fn names(shape: &Shape, all: &mut Vec<String>) {
            match shape {
                Shape::Choice(shapes) => shapes.iter().for_each(|shape| names(shape, all)),
                Shape::Array(items) => items.iter().for_each(|item| names(&item.shape, all)),
                Shape::Holding(inner) => names(inner, all),
                Shape::Named(name) | Shape::Sized(name, _) => all.push(name.clone()),
                Shape::Number(_) | Shape::Range(..) => {}
            }
        }
        let mut all = Vec::new();
        self.0.values().for_each(|shape| names(shape, &mut all));
        let known = ["uint", "bytes", "tstr", "bool", "null", "any"];
        all.retain(|name| !self.0.contains_key(name) && !known.contains(&name.as_str()));
        all
    }

    /// Reads a value of this shape; afterwards the decoder is behind it, or somewhere if it is none.
    fn value(&self, shape: &Shape, decoder: &mut Decoder<'_>) -> bool {
        match shape {
            Shape::Choice(shapes) => shapes.iter().any(|shape| {
                let mut attempt = decoder.clone();
                let fits = self.value(shape, &mut attempt);
                if fits {
                    *decoder = attempt;
                }
                fits
            }),
            Shape::Array(items) => {
                let Ok(Some(length)) = decoder.array() else { return false };
                self.items(items, length as usize, decoder)
            }
            Shape::Number(number) => decoder.u64().is_ok_and(|found| found == *number),
            Shape::Range(first, last) => decoder.u64().is_ok_and(|found| (*first..=*last).contains(&found)),
            Shape::Sized(kind, size) if kind == "uint" => {
                decoder.u64().is_ok_and(|found| *size >= 8 || found >> (8 * size) == 0)
            }
            Shape::Sized(_, size) => decoder.bytes().is_ok_and(|bytes| bytes.len() as u64 == *size),
            Shape::Holding(inner) => decoder.bytes().is_ok_and(|bytes| {
                let mut decoder = Decoder::new(bytes);
                self.value(inner, &mut decoder) && decoder.position() == bytes.len()
            }),
            Shape::Named(name) => match name.as_str() {
                "uint" => decoder.u64().is_ok(),
                "bytes" => decoder.bytes().is_ok(),
                "tstr" => decoder.str().is_ok(),
                "bool" => decoder.bool().is_ok(),
                "any" => decoder.skip().is_ok(),
                "null" => matches!(decoder.datatype(), Ok(Type::Null)) && decoder.null().is_ok(),
                rule => self.0.get(rule).is_some_and(|shape| self.value(shape, decoder)),
            },
        }
    }

    /// Greedy, as an encoding without maps allows: an entry takes as many values as fit.
    fn items(&self, items: &[Item], mut left: usize, decoder: &mut Decoder<'_>) -> bool {
        for item in items {
            let mut count = 0;
            while count < item.most && left > 0 {
                let mut attempt = decoder.clone();
                if !self.value(&item.shape, &mut attempt) {
                    break;
                }
                *decoder = attempt;
                count += 1;
                left -= 1;
            }
            if count < item.least {
                return false;
            }
        }
        left == 0
    }
}

/// What is still to be read of a file.
struct Tokens(Vec<String>);

impl Tokens {
    fn of(text: &str) -> Self {
        let mut tokens: Vec<String> = Vec::new();
        for line in text.lines() {
            let mut rest = line.split(';').next().unwrap_or_default();
            while let Some(first) = rest.trim_start().chars().next() {
                rest = rest.trim_start();
                let word = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
                let length = if word(first) { rest.find(|c| !word(c)).unwrap_or(rest.len()) } else { 1 };
                let (token, after) = rest.split_at(length);
                tokens.push(token.to_owned());
                rest = after;
            }
        }
        tokens.reverse();
        Self(tokens)
    }

    fn next(&mut self) -> Option<String> {
        self.0.pop()
    }

    fn peek(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    fn take(&mut self, token: &str) -> bool {
        let there = self.peek() == token;
        if there {
            self.0.pop();
        }
        there
    }

    fn shape(&mut self) -> Shape {
        let mut shapes = vec![self.single()];
        while self.take("/") {
            shapes.push(self.single());
        }
        if shapes.len() == 1 { shapes.remove(0) } else { Shape::Choice(shapes) }
    }

    fn single(&mut self) -> Shape {
        let token = self.next().expect("a type");
        if token == "(" {
            let shape = self.shape();
            assert!(self.take(")"), "a group ends");
            return shape;
        }
        if token == "[" {
            let mut items = Vec::new();
            while !self.take("]") {
                items.push(self.item());
                self.take(",");
            }
            return Shape::Array(items);
        }
        if let Some((first, last)) = token.split_once("..") {
            return Shape::Range(first.parse().expect("a number"), last.parse().expect("a number"));
        }
        if let Ok(number) = token.parse() {
            return Shape::Number(number);
        }
        if self.take(".size") {
            return Shape::Sized(token, self.next().expect("a size").parse().expect("a number"));
        }
        if self.take(".cbor") {
            assert_eq!(token, "bytes", "what holds a value is bytes");
            return Shape::Holding(Box::new(self.single()));
        }
        assert!(token.starts_with(|c: char| c.is_ascii_lowercase()), "not a type: {token}");
        Shape::Named(token)
    }

    fn item(&mut self) -> Item {
        let (least, most) = match self.peek() {
            "?" => (0, 1),
            "*" => (0, usize::MAX),
            "+" => (1, usize::MAX),
            _ => (1, 1),
        };
        if (least, most) != (1, 1) {
            self.next();
        }
        // A name before a colon says what the entry is, and is nothing on the wire.
        if self.0.iter().rev().nth(1).is_some_and(|token| token == ":") {
            self.next();
            self.next();
        }
        Item { least, most, shape: self.shape() }
    }
}
