// SPDX-License-Identifier: Apache-2.0

//! Text that is broken where the terminal ends.

use textwrap::{Options, WordSplitter};

/// The columns before the text of a row.
const LABEL: usize = 16;
/// Longer lines are hard to read, however wide the terminal.
const WIDEST: usize = 100;

/// Lines, each broken to fit and indented alike.
pub(crate) struct Paragraphs {
    width: usize,
    text: String,
}

impl Paragraphs {
    /// As wide as the terminal, or 80 columns where there is none.
    pub(crate) fn new() -> Self {
        Self {
            width: textwrap::termwidth().min(WIDEST),
            text: String::new(),
        }
    }

    pub(crate) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A paragraph, indented as a whole.
    pub(crate) fn line(&mut self, indent: usize, text: impl AsRef<str>) {
        let indent = " ".repeat(indent);
        self.wrap(&indent, &indent, text.as_ref());
    }

    /// An item of a list.
    pub(crate) fn item(&mut self, indent: usize, text: &str) {
        let indent = " ".repeat(indent);
        self.wrap(&format!("{indent}- "), &format!("{indent}  "), text);
    }

    /// A label, and the text that belongs to it.
    pub(crate) fn row(&mut self, label: &str, text: &str) {
        let first = format!("   {label:<width$}", width = LABEL - 3);
        self.wrap(&first, &" ".repeat(LABEL), text);
    }

    fn wrap(&mut self, first: &str, rest: &str, text: &str) {
        // Names from certificates are what whoever made them wrote: no control characters
        // for the terminal.
        let text: String = text
            .chars()
            .map(|character| match character.is_control() {
                true => char::REPLACEMENT_CHARACTER,
                false => character,
            })
            .collect();
        let options = Options::new(self.width)
            .initial_indent(first)
            .subsequent_indent(rest)
            // What is long is a hash or a URL, to be copied whole.
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation);
        self.text += textwrap::fill(&text, options).trim_end();
        self.text.push('\n');
    }

    /// The text, without a line break at the end.
    pub(crate) fn finish(self) -> String {
        self.text.trim_end().to_owned()
    }
}
