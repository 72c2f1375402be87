//! `env.sh`: what a shell needs to know of a running world.

use anyhow::Result;
use std::path::Path;

/// Name of the file in the directory of a world.
pub(crate) const NAME: &str = "env.sh";

/// Writes `dir/env.sh`, readable by its owner only: it holds an access key of the emulator.
pub(crate) fn write(dir: &Path, bin: &Path, variables: &[(&str, String)]) -> Result<()> {
    testenv::place::write_private(&dir.join(NAME), &text(bin, variables))
}

fn text(bin: &Path, variables: &[(&str, String)]) -> String {
    let exports = variables.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value)));
    let path = format!("export PATH={}:\"$PATH\"\n", quoted(&bin.display().to_string()));
    exports.chain([path]).collect()
}

/// One word for a POSIX shell, whatever is in it.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    /// What a shell that has read the file says of a variable.
    fn read_back(variables: &[(&str, String)], name: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        write(dir.path(), Path::new("/some where/bin"), variables).unwrap();
        let script = format!(". \"$1\"/env.sh && printf %s \"${name}\"");
        let output = Command::new("sh").args(["-c", &script, "sh"]).arg(dir.path()).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    }

    #[test]
    fn a_value_with_quotes_spaces_and_dollars_is_read_back_as_it_was() {
        let value = r#"it's "a" $HOME `id` \ value"#;
        assert_eq!(read_back(&[("X", value.into())], "X"), value);
    }

    #[test]
    fn the_tools_come_first_on_the_path() {
        assert!(read_back(&[], "PATH").starts_with("/some where/bin:/"));
    }
}
