import CurfewGitSource
import CurfewModel
import CurfewViews
import Foundation
import Glibc

extension APIAnswers {
    func commits(limit: Int) async throws -> [CommitView] {
        guard let tip = await currentStatus().source.tip else { return [] }
        let email = configuration.identity.email
        return try await mirror.firstParents(from: tip, until: nil, limit: limit).map { commit in
            CommitView(
                id: commit.id.hex, author: commit.authorName, at: commit.committedAt.timestamp, summary: commit.summary,
                isOurs: commit.committerEmail == email)
        }
    }

    func recording(_ id: String) async throws -> [UInt8]? {
        guard (1...200).contains(id.utf8.count), id.utf8.allSatisfy(\.isRecordingByte) else { return nil }
        let path = "\(StateFolder(path: configuration.state).recordings)/\(id).cast"
        return try await files.run {
            let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
            guard file >= 0 else { return nil }
            let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
            return try handle.read(upToCount: Recording.limit).map { Array($0) } ?? []
        }
    }
}

extension UInt8 {
    /// A letter, a digit or `-`: no id of a recording leads out of its folder.
    fileprivate var isRecordingByte: Bool {
        (0x30...0x39).contains(self) || (0x61...0x7A).contains(self) || (0x41...0x5A).contains(self) || self == 0x2D
    }
}
