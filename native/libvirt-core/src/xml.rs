//! The two or three values that libvirt gives in XML only.

/// The text of the first element of this name that has no attributes.
pub(crate) fn element<'a>(xml: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = xml.split_once(&format!("<{name}>"))?;
    rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_element_counts_and_a_missing_one_is_none() {
        assert_eq!(element("<a><b>1</b><b>2</b></a>", "b"), Some("1"));
        assert_eq!(element("<a><b>1", "b"), None);
    }
}
