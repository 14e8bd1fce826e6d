internal import CurfewModel

/// Finds what is wrong between bundles, and who has to wait for whom.
///
/// Everything that can be said of the new versions is said, whether their bundles are held or not, so that all errors of
/// a revision are told at once. Then holding spreads until nothing changes.
struct Assembler {
    /// All bundles of the revision, by name.
    let bundles: [LoadedBundle]
    let lastGood: [Name: LoadedBundle]
    /// Errors by bundle; who is in here is held.
    private(set) var held: [Name: [Diagnostic]] = [:]
    /// What was found here, beyond what the bundles brought.
    private(set) var found: [Diagnostic] = []

    /// The first definition of each name in the new versions: index of the bundle and of its workload.
    private var defined: [Name: (bundle: Int, workload: Int)] = [:]

    init(_ revision: LoadedRevision, lastGood: [Name: LoadedBundle]) {
        bundles = revision.bundles.values.sorted { $0.name < $1.name }
        self.lastGood = lastGood.filter { revision.bundles[$0.key] != nil }
        for bundle in bundles where !bundle.isGood { held[bundle.name] = bundle.diagnostics.filter { $0.severity == .error } }
    }

    mutating func judge() {
        collectNames()
        if bundles.count > 1 { findSharedPorts() }
        findUnknownNames()
        findCycles()
        // With nothing held, nothing that is held can be in anybody's way.
        while !held.isEmpty, spread() {}
    }

    /// All workloads of the new versions; the names are hashed only once.
    var definedWorkloads: [Name: DesiredWorkload] { defined.mapValues { workload($0).desired } }

    /// Holds a bundle and tells why.
    mutating func hold(_ bundle: Name, _ diagnostic: Diagnostic) {
        held[bundle, default: []].append(diagnostic)
        found.append(diagnostic)
    }

    private func workload(_ place: (bundle: Int, workload: Int)) -> LoadedWorkload {
        bundles[place.bundle].workloads[place.workload]
    }

    // MARK: what two bundles claim

    private mutating func collectNames() {
        defined.reserveCapacity(bundles.reduce(0) { $0 + $1.workloads.count })
        var owners: [Name: Name]?
        for (index, bundle) in bundles.enumerated() {
            for (position, workload) in bundle.workloads.enumerated() {
                guard let first = defined[workload.name] else {
                    defined[workload.name] = (index, position)
                    continue
                }
                // Twice in one bundle has been told by the bundle.
                if first.bundle == index { continue }
                let known = owners ?? Self.owners(lastGood)
                owners = known
                // Who had the name keeps it: a newcomer must not take another bundle down.
                let (loser, winner) =
                    known[workload.name] == bundle.name
                    ? (self.workload(first), workload) : (workload, self.workload(first))
                if known[workload.name] == bundle.name { defined[workload.name] = (index, position) }
                hold(
                    loser.content.desired.bundle,
                    Diagnostic(
                        file: loser.file, line: loser.line, column: loser.column,
                        "workload '\(loser.name)' is already defined by bundle '\(winner.content.desired.bundle)' at \(winner.file):\(winner.line):\(winner.column)"
                    ))
            }
        }
    }

    private static func owners(_ lastGood: [Name: LoadedBundle]) -> [Name: Name] {
        var result: [Name: Name] = [:]
        for bundle in lastGood.values { for workload in bundle.workloads { result[workload.name] = bundle.name } }
        return result
    }

    private mutating func findSharedPorts() {
        var taken: [Int: (workload: LoadedWorkload, bundle: Name)] = [:]
        var owners: [Int: Name]?
        for bundle in bundles {
            for workload in bundle.workloads {
                for port in workload.content.desired.workload.ports {
                    guard let expose = port.expose else { continue }
                    guard let first = taken[expose] else {
                        taken[expose] = (workload, bundle.name)
                        continue
                    }
                    if first.bundle == bundle.name { continue }
                    let known = owners ?? Self.portOwners(lastGood)
                    owners = known
                    let newOwns = known[expose] == bundle.name
                    if newOwns { taken[expose] = (workload, bundle.name) }
                    let loser = newOwns ? first : (workload: workload, bundle: bundle.name)
                    let winner = newOwns ? workload : first.workload
                    hold(loser.bundle, Self.portError(expose, loser.workload, takenBy: winner))
                }
            }
        }
    }

    static func portError(_ expose: Int, _ loser: LoadedWorkload, takenBy winner: LoadedWorkload) -> Diagnostic {
        let ports = loser.content.desired.workload.ports
        let place = ports.firstIndex { $0.expose == expose }.map { loser.content.decoded.expose[$0] }
        return Diagnostic(
            file: loser.file, line: place?.line ?? loser.line, column: place?.column ?? loser.column,
            "expose \(expose) is already taken by workload '\(winner.name)' of bundle '\(winner.content.desired.bundle)' at \(winner.file)"
        )
    }

    private static func portOwners(_ lastGood: [Name: LoadedBundle]) -> [Int: Name] {
        var result: [Int: Name] = [:]
        for bundle in lastGood.values {
            for workload in bundle.workloads {
                for port in workload.content.desired.workload.ports {
                    if let expose = port.expose { result[expose] = bundle.name }
                }
            }
        }
        return result
    }

    // MARK: references

    private mutating func findUnknownNames() {
        var others: Set<Name>?
        // A file that nobody could read may hold the name: its own error is told, a second one would only confuse.
        let unreadable = bundles.contains { $0.unreadable }
        for bundle in bundles {
            for workload in bundle.workloads {
                for (index, name) in workload.content.desired.workload.dependsOn.enumerated() where defined[name] == nil {
                    let known = others ?? namesElsewhere()
                    others = known
                    if unreadable || known.contains(name) { continue }
                    let hint = Spelling.hint(name.rawValue, among: defined.keys.lazy.map(\.rawValue).sorted())
                    hold(bundle.name, workload.dependencyError(index, "dependsOn names no workload: '\(name)'\(hint)"))
                }
            }
        }
    }

    /// Names of documents that are wrong, and of what held bundles keep running.
    private func namesElsewhere() -> Set<Name> {
        var names = Set(bundles.flatMap { $0.broken.map(\.name) })
        for bundle in held.keys { for workload in lastGood[bundle]?.workloads ?? [] { names.insert(workload.name) } }
        return names
    }

    private mutating func findCycles() {
        var edges: [Name: [Name]] = [:]
        for (name, place) in defined {
            let dependencies = workload(place).content.desired.workload.dependsOn.filter { defined[$0] != nil }
            if !dependencies.isEmpty { edges[name] = dependencies }
        }
        for cycle in Cycles.find(edges) {
            let shown = (cycle + [cycle[0]]).map(\.rawValue).joined(separator: " → ")
            var told: Set<Name> = []
            for (index, name) in cycle.enumerated() {
                guard let place = defined[name], told.insert(bundles[place.bundle].name).inserted else { continue }
                let workload = workload(place)
                let next = cycle[(index + 1) % cycle.count]
                let item = workload.content.desired.workload.dependsOn.firstIndex(of: next) ?? 0
                hold(bundles[place.bundle].name, workload.dependencyError(item, "dependsOn goes round in a circle: \(shown)"))
            }
        }
    }
}
