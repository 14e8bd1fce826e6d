import CurfewDockerAPI
import Foundation

/// Whether somebody changed a service. Curfew never does, so every change is somebody else's, an undone one too.
enum SpecDrift {
    /// The first sign of a change in words; `nil` when the service is as it was made.
    static func first(_ service: ServiceDetails, made wanted: ServiceSpec) -> String? {
        if let state = service.UpdateStatus?.State, state.hasPrefix("rollback") {
            let why = (service.UpdateStatus?.Message).map { ": \($0.prefix(200))" } ?? ""
            return "the swarm rolled it back (\(state))\(why)"
        }
        if let path = difference(json(service.Spec), json(wanted), []) {
            return "its service was changed by hand: \(path.isEmpty ? "another form" : path.joined(separator: "."))"
        }
        if service.PreviousSpec != nil || service.UpdateStatus != nil { return "its service was updated by hand" }
        return nil
    }

    private static func json(_ spec: ServiceSpec) -> Any {
        (try? JSONSerialization.jsonObject(with: JSONEncoder().encode(spec))) ?? NSNull()
    }

    /// Where two documents differ. What is empty is as good as not there: engines leave such things out, or put them in.
    private static func difference(_ left: Any?, _ right: Any?, _ path: [String]) -> [String]? {
        if isEmpty(left), isEmpty(right) { return nil }
        if path.last == "Privileges", isEmpty(left) { return nil }  // Older engines do not know them.
        switch (left, right) {
        case (let left as [String: Any], let right as [String: Any]):
            for key in Set(left.keys).union(right.keys).sorted() {
                if let found = difference(left[key], right[key], path + [key]) { return found }
            }
            return nil
        case (let left as [Any], let right as [Any]):
            guard left.count == right.count else { return path }
            for (left, right) in zip(left, right) {
                if let found = difference(left, right, path) { return found }
            }
            return nil
        case (let left as NSNumber, let right as NSNumber): return left == right ? nil : path
        case (let left as String, let right as String): return left == right ? nil : path
        default: return path
        }
    }

    private static func isEmpty(_ value: Any?) -> Bool {
        switch value {
        case nil, is NSNull: true
        case let value as [String: Any]: value.values.allSatisfy { isEmpty($0) }
        case let value as [Any]: value.isEmpty
        case let value as String: value.isEmpty
        case let value as NSNumber: value == 0
        default: false
        }
    }
}
