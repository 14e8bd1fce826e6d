public import CurfewModel
internal import Synchronization

/// An image that a manifest names by tag. The file is part of it: what a tag stands for is found out once for each version
/// of the file, and stays, so that nothing changes without a commit.
public struct ImageTag: Hashable, Sendable {
    /// The runtime whose engine is asked.
    public var runtime: Name
    /// As it is written: `registry/app:1.2`.
    public var reference: String
    /// The content of the manifest.
    public var blob: ObjectID

    /// Makes one.
    public init(runtime: Name, reference: String, blob: ObjectID) {
        (self.runtime, self.reference, self.blob) = (runtime, reference, blob)
    }
}

/// What is known of the images that manifests name by tag. Shared by a loader and whoever asks the engines.
public final class ImageTags: Sendable {
    /// What is known of one.
    public enum State: Hashable, Sendable {
        /// The image by digest (`registry/app@sha256:…`), or by id where it is in no registry.
        case pinned(String)
        /// Nobody could tell, and why.
        case failed(String)
    }
    private let states = Mutex<[ImageTag: State]>([:])

    /// Makes an empty table.
    public init() {}

    /// What is known of a tag.
    public subscript(tag: ImageTag) -> State? {
        get { states.withLock { $0[tag] } }
        set { states.withLock { $0[tag] = newValue } }
    }
}

extension LoadedRevision {
    /// Images by tag whose digest nobody knows.
    public var unresolved: [ImageTag] { bundles.values.flatMap(\.unresolved) }
}
