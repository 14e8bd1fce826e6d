import CurfewDrivers
import Glibc

/// Turns an errno value into an error for people. A disk that is full or cannot be written is told apart, because
/// trying again does not help there.
func failure(_ operation: String, _ subject: String, _ number: Int32, _ more: String = "") -> DriverError {
    let full = number == ENOSPC || number == EDQUOT
    let storage = full || number == EROFS || number == EIO
    let hint = full ? "; free some space" : number == EROFS ? "; make the file system writable" : ""
    return DriverError(
        storage ? .storage : .failed, operation: operation, subject: subject,
        String(cString: strerror(number)) + hint + (more.isEmpty ? "" : "; " + more))
}
