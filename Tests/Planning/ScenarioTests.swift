import CurfewModel
import CurfewPlanning
import Testing

@Suite struct ScenarioTests {
    @Test(arguments: try Scenario.names())
    func plansAsWritten(_ name: String) throws {
        let scenario = try Scenario(name)
        #expect(scenario.run() == scenario.expected)
    }

    @Test func thereAreScenarios() throws { #expect(try Scenario.names().count >= 15) }

    /// For each named workload, the incremental plan says what the whole plan says.
    @Test(arguments: try Scenario.names())
    func incrementalEqualsWhole(_ name: String) throws {
        let input = try Scenario(name).input
        let whole = Planner.plan(input)
        let names = Set(input.desired.workloads.keys).union(input.observed.instances.keys)
        for name in names {
            let part = Planner.plan(input, only: [name])
            #expect(part.steps == whole.steps.filter { $0.workload == name })
            #expect(part.holds == whole.holds.filter { $0.workload == name })
        }
        #expect(Planner.plan(input, only: names) == whole)
        #expect(Planner.plan(input, only: []).isEmpty)
    }
}
