internal import CurfewModel

/// Something that a manifest asks for and that is not every bundle's to have.
enum Power: Sendable, Hashable {
    /// A capability of the kernel, without `CAP_`.
    case capability(String)
    /// A file of the service's `secrets.folder`.
    case secretFile(String)
    /// An encrypted file of the repository.
    case secretPath(String)
    case network(String)
    case volume(String)
    /// An image as it is written, with or without a digest.
    case image(String)
    /// A port of the edge.
    case port(Int)
    case runtime(String)
    /// The address of an archive.
    case download(String)
}

/// A ``Power`` with the place in the manifest that asks for it.
struct PowerUse: Sendable, Hashable {
    var power: Power
    var position: Position
}
