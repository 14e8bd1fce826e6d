internal import CLibGit2
import Crypto
public import CurfewModel

extension Mirror {
    /// The SHA-256 of what the signature of a commit is made of, in hexadecimal digits. The same for every object that holds
    /// these bytes under a signature, however that one is written down: who decides by it is not fooled by another id.
    public func payloadDigest(of id: ObjectID) throws -> String {
        let read = try objectDatabase().read(id, GIT_OBJECT_COMMIT, limit: CommitObject.longest) { bytes in
            SHA256.hash(data: SignedObject(commit: Array(bytes)).payload).map { byte in
                let digits = String(byte, radix: 16)
                return byte < 16 ? "0" + digits : digits
            }.joined()
        }
        guard case .value(let digest) = read else {
            throw GitError(.invalid, operation: "read commit", subject: id.hex, "it is too large")
        }
        return digest
    }
}
