internal import CurfewModel

/// A service while it is carried over.
struct ComposeDraft {
    let service: String
    /// `services.<name>`
    let path: String
    let node: ComposeNode
    var workload: Workload
    var imageNode: ComposeNode
    /// What stands there has been told to be wrong.
    var isImageWrong = false
    var build: ComposeNode?
    var entrypoint: [String]?
    var command: [String]?
    var added: [String] = []
    var dropped: [String] = []
    var readOnly = false
    /// `nil` until `networks` or `network_mode` says something.
    var networks: [Name]?
    var environmentFiles: ComposeNode?
    var environment: ComposeNode?
    var waitsFor: [(service: String, node: ComposeNode)] = []
    var hasVolume = false
    var hasRollout = false
    var replicas: Int?

    init(_ pair: ComposeNode.Pair, name: Name, runtime: Name) {
        (service, path, node) = (pair.key, "services.\(pair.key)", pair.value)
        workload = Workload(name: name, runtime: runtime, artifact: .none, command: [])
        imageNode = pair.value
    }
}
