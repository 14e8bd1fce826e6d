internal import CurfewModel

/// Cycles in a graph of names. Without recursion: a chain in a repository may be longer than a thread's stack.
enum Cycles {
    /// One cycle of each strongly connected part, beginning with its first name; in order.
    static func find(_ edges: [Name: [Name]]) -> [[Name]] {
        var cycles: [[Name]] = []
        for part in parts(edges) {
            let members = Set(part)
            guard let first = part.min() else { continue }
            if let cycle = shortest(from: first, edges, within: members) { cycles.append(cycle) }
        }
        return cycles.sorted { $0[0] < $1[0] }
    }

    /// The shortest way from a name back to itself.
    private static func shortest(from start: Name, _ edges: [Name: [Name]], within members: Set<Name>) -> [Name]? {
        var cameFrom: [Name: Name] = [:]
        var queue = [start]
        var next = 0
        while next < queue.count {
            let current = queue[next]
            next += 1
            for neighbour in edges[current] ?? [] where members.contains(neighbour) {
                if neighbour == start {
                    var path = [current]
                    while let last = path.last, last != start, let before = cameFrom[last] { path.append(before) }
                    return path.reversed()
                }
                if cameFrom[neighbour] == nil {
                    cameFrom[neighbour] = current
                    queue.append(neighbour)
                }
            }
        }
        return nil
    }

    /// Tarjan's strongly connected parts.
    private static func parts(_ edges: [Name: [Name]]) -> [[Name]] {
        var index: [Name: Int] = [:]
        var low: [Name: Int] = [:]
        var stack: [Name] = []
        var onStack: Set<Name> = []
        var result: [[Name]] = []
        for root in edges.keys.sorted() where index[root] == nil {
            var calls: [(name: Name, edge: Int)] = [(root, 0)]
            while let (name, edge) = calls.last {
                if edge == 0 {
                    index[name] = index.count
                    low[name] = index[name]
                    stack.append(name)
                    onStack.insert(name)
                }
                let targets = edges[name] ?? []
                if edge < targets.count {
                    calls[calls.count - 1].edge += 1
                    let target = targets[edge]
                    if index[target] == nil {
                        calls.append((target, 0))
                    } else if onStack.contains(target) {
                        low[name] = min(low[name] ?? 0, index[target] ?? 0)
                    }
                    continue
                }
                calls.removeLast()
                if let caller = calls.last?.name { low[caller] = min(low[caller] ?? 0, low[name] ?? 0) }
                guard low[name] == index[name] else { continue }
                var part: [Name] = []
                while let member = stack.popLast() {
                    onStack.remove(member)
                    part.append(member)
                    if member == name { break }
                }
                result.append(part)
            }
        }
        return result
    }
}
