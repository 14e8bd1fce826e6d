extension SampleMaker {
    /// Texts that each pattern takes and refuses. A pattern that is not here fails the test.
    static let patterns: [String: (valid: [String], invalid: [String])] = [
        "^[a-z0-9*-]{1,63}$": (["*", "shop-*", "orders"], ["", "A", "a/b", "a b"]),
        "^(file|age):[^\\u0000-\\u001f\\u007f]+$": (["file:db-*", "age:keys/**"], ["", "db", "file:", "env:x"]),
        "^[A-Za-z0-9*][A-Za-z0-9._:/*-]*$": (["r.example:5000", "ghcr.io/x/*", "*"], ["", "-r", "a b"]),
        "^[0-9]{1,5}(-[0-9]{1,5})?$": (["443", "8000-8999"], ["", "a", "1-2-3", "-1"]),
        "^[A-Za-z0-9\\[][A-Za-z0-9._:\\]-]*$": (["public", "[::1]:8443", "files.example.org"], ["", "*", "a b", "a/b"]),
        "^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": (["local"], ["", "-a", "A", "a_b", "a."]),
        "^[^/]": (["site"], ["/site"]),
        "^[^/].*$": (["keys/a.age"], ["/keys/a.age"]),
        "^https?://": (["https://h/x", "http://h/x"], ["ftp://h/x"]),
        "^[0-9a-f]{64}$": ([String(repeating: "a", count: 64)], ["a", String(repeating: "A", count: 64)]),
        "^[a-z0-9][A-Za-z0-9._:/-]*(@sha256:[0-9a-f]{64})?$": (
            [
                "r/a@sha256:" + String(repeating: "b", count: 64), "r:5/a:1@sha256:" + String(repeating: "b", count: 64),
                "r/a:1",
            ],
            ["-r@sha256:" + String(repeating: "b", count: 64), "r a", "r@sha256:ab", ""]
        ),
        "^(unix:///.+|tcp://[A-Za-z0-9\\[].*:[0-9]+)$": (["unix:///run/docker.sock"], ["http://h:1", "unix:/x", ""]),
        "^([a-z0-9][A-Za-z0-9._:/-]*@)?sha256:[0-9a-f]{64}$": (
            ["r/a@sha256:" + String(repeating: "b", count: 64), "sha256:" + String(repeating: "b", count: 64)], ["r/a:1", ""]
        ),
        "^[A-Z][A-Z_]{1,40}$": (["NET_BIND_SERVICE"], ["net", "", "A B"]),
        "^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,31})?$": (
            ["1000:1000", "app"], ["-a", "a:b:c", "a b"]
        ),
        "^/run/secrets/[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$": (
            ["/run/secrets/k"], ["/etc/k", "/run/secrets/../k", "/run/secrets/"]
        ),
        "^(off|unix|unix:/.+|[0-9.]{7,15}:[0-9]{1,5}|\\[[0-9a-fA-F:.]+\\]:[0-9]{1,5})$": (
            ["127.0.0.1:8420", "[::1]:0", "off", "unix:/run/c"], ["", "localhost:80", "unix:x", "127.0.0.1", "::1:80"]
        ),
        "^[A-Za-z0-9\\[][A-Za-z0-9.:\\]-]*$": (["curfew.example.org", "h:8420", "[::1]:80"], ["", "a/b", "a b", "-h"]),
        "^https://[^\\s?#]+$": (
            ["https://id.example.org/realms/a"], ["http://h", "https://", "https://h?x", "", "https://h x"]
        ),
        "^[A-Za-z][A-Za-z0-9._-]* ?(==|!=) ?[^ ]+$": (["node.role==worker"], ["node.role", "", "=="]),
        "^/.*[^/]$": (["/data", "/var/cache"], ["data", "/", "/data/"]),
        "^/": (["/", "/live"], ["live"]),
        "^[^-]": (["https://h/x"], ["-x"]),
        "^[^-/]": (["main", "a/b"], ["-x", "/x"]),
        "^[^<>]+$": (["a b"], ["a<b", ""]),
        "^[A-Za-z_][A-Za-z0-9_.-]*$": (["nobody"], ["1a", "a b"]),
        "^[0-9]{4,5}-[0-9]{4,5}$": (["30000-30010"], ["1-2", "x"]),
        "^([0-9]+m|[0-9]+|[0-9]+\\.[0-9]{1,3})$": (["500m", "2", "0.5"], ["x", "-1", "0.0001", "1Gi"]),
        "^https?://[A-Za-z0-9\\[]": (["http://h:9093", "https://[::1]/x"], ["ftp://h", "https://-h"]),
        "^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?:[0-9]{1,5}$": (["mail.example:25"], ["mail", "-a:1", "a:b", ""]),
        "^[A-Za-z0-9._+=][A-Za-z0-9._+=-]*@[A-Za-z0-9._+=-]+$": (["a@b.example"], ["a", "a@b@c", "-a@b", "a b@c"]),
        "^[a-z][A-Za-z.-]*$": (["entry.", "rollout.failed"], ["A", "-a", "a b", ""]),
        "^[0-9a-f]{40}$": ([String(repeating: "a", count: 40)], ["a", String(repeating: "A", count: 40)]),
        "^[^\\u0000-\\u001f\\u007f]+$": (["/a b"], ["a\nb", ""]),
        "^[A-Za-z0-9\\[][A-Za-z0-9.:@%_\\[\\]-]*$": (["bastion", "deploy@[::1]"], ["-x", "", "a b", "a;b"]),
        "^[A-Za-z0-9][A-Za-z0-9.-]*$": (["h1.example"], ["-h", "a b", ""]),
        "^[a-z][a-z0-9-]{0,31}$": (["curfew-"], ["A", "a b", "-a", ""]),
        "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.][A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]*@[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$": (
            ["a@example.org", "A.b+c@h"], ["a", "a@b@c", "a b@c", "@c", "a@", "-a@b", "a@b.", "ä@b"]
        ),
        "^(team:)?[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$": (["known", "team:known"], ["", "team:", "A", "group:x"]),
        "^[a-z0-9@.-]+ [A-Za-z0-9+/=]+( .*)?$": (
            ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB a@b"], ["x", "ssh-ed25519", ""]
        ),
        "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,3})?(Z|[+-][0-9]{2}:[0-9]{2})$": (
            ["2026-11-23T18:00:00Z", "2026-11-23T18:00:00.25+01:00"], ["2026-11-23", "tomorrow", "", "2026-11-23T18:00:00"]
        ),
        "^([01][0-9]|2[0-3]):[0-5][0-9]$": (["08:00", "00:00"], ["8:00", "24:00", "25:00", "08:60", ""]),
        "^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$": (["08:00", "24:00", "00:00"], ["8:00", "24:30", "25:00", "08:60", ""]),
        "^[^\\u0000-\\u001f\\u007f]*[^\\s\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$": (
            ["INC-1: x"], ["", " ", "a\nb"]
        ),
        "^[^-\\u0000-\\u001f\\u007f][^\\u0000-\\u001f\\u007f]*$": (["alice"], ["", "-a", "a\nb"]),
        "^[A-Za-z]": (["UTC"], [""]),
        "^[0-9]+(Ki|Mi|Gi|Ti|k|M|G|T)?$": (["32Mi", "30M"], ["x", "-1", "1.5Gi", "1Zi"]),
    ]
}
