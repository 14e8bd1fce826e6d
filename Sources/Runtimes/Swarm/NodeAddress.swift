import CurfewContainers
import CurfewDockerAPI
import Glibc

/// Where a node is reached by the edge.
enum NodeAddress {
    /// The label by which an operator says so: `docker node update --label-add io.curfew.address=10.0.0.7 NODE`.
    static let label = ContainerMark.prefix + "address"

    /// A literal address: the operator's, or the one that the managers know the node by. A manager may not know its own.
    static func of(_ node: SwarmNode) -> String? {
        if let text = node.Spec?.Labels?[label] { return isLiteral(text) ? text : nil }
        if let text = node.Status?.Addr, isLiteral(text), text != "0.0.0.0", text != "::" { return text }
        guard let address = node.ManagerStatus?.Addr, let colon = address.lastIndex(of: ":") else { return nil }
        var host = address[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return isLiteral(String(host)) ? String(host) : nil
    }

    private static func isLiteral(_ text: String) -> Bool {
        guard text.utf8.count <= 45 else { return false }
        var (four, six) = (in_addr(), in6_addr())
        return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
    }
}
