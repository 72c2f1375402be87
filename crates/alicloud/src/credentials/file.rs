//! Small files with secrets in them.

use std::io;
use std::path::Path;

use secrecy::SecretString;
use tokio::io::AsyncReadExt as _;

/// Largest file that is read, in bytes: three times the longest token STS takes.
const FILE_LIMIT: u64 = 64 * 1024;

/// What counts as no file, too, where nobody named it: a home directory that is another's, or none.
const HIDDEN: [io::ErrorKind; 2] = [io::ErrorKind::PermissionDenied, io::ErrorKind::NotADirectory];

/// The text of a file; nothing when there is no such file, a sentence about its path when it cannot be used. `by_default`:
/// nobody named it.
pub(super) async fn read(path: &Path, by_default: bool) -> Result<Option<SecretString>, String> {
    let name = path.display();
    let file = match tokio::fs::File::open(path).await {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if by_default && HIDDEN.contains(&error.kind()) => return Ok(None),
        Err(error) => return Err(format!("{name} cannot be opened: {}", error.kind())),
    };
    let mut bytes = Vec::new();
    let read = file.take(FILE_LIMIT + 1).read_to_end(&mut bytes).await;
    read.map_err(|error| format!("{name} cannot be read: {}", error.kind()))?;
    if bytes.len() as u64 > FILE_LIMIT {
        return Err(format!("{name} is larger than {FILE_LIMIT} bytes"));
    }
    let text = String::from_utf8(bytes).map_err(|_| format!("{name} is not text"))?;
    Ok(Some(SecretString::from(text)))
}
