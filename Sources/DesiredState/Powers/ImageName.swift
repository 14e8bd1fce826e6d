/// Where an image comes from, as engines read it: a reference without a registry means Docker's own.
struct ImageName: Hashable {
    /// `registry.example.org:5000`, `docker.io`.
    let registry: String
    /// The path in the registry, without tag and digest.
    let repository: String

    init(_ reference: String) {
        var name = reference.prefix { $0 != "@" }
        let head = name.prefix { $0 != "/" }
        if head.count < name.count, head.contains(where: { $0 == "." || $0 == ":" }) || head == "localhost" {
            registry = head == "index.docker.io" ? "docker.io" : String(head)
            name = name[head.endIndex...].dropFirst()
        } else {
            registry = "docker.io"
        }
        // A colon behind the last slash begins a tag.
        if let colon = name.lastIndex(of: ":"), !name[colon...].contains("/") { name = name[..<colon] }
        repository = registry == "docker.io" && !name.contains("/") ? "library/\(name)" : String(name)
    }

    /// Whether a rule names the registry, or with a slash the repository.
    func isOf(_ rule: String) -> Bool {
        rule.contains("/") ? WordPattern(rule).matches("\(registry)/\(repository)") : WordPattern(rule).matches(registry)
    }
}
