#include "core/circuits/compare_graphs.h"

#include "core/circuits/graph_export.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>

namespace tt {
namespace {

/// Where every node of an attribution stands.
template <class T>
class EdgeLookup {
public:
    explicit EdgeLookup(const Attribution<T> &attribution) : attribution_(attribution) {
        for (size_t n = 0; n < attribution.nodes.size(); ++n)
            node_[nodeId(attribution.nodes[n])] = static_cast<int>(n);
        for (size_t r = 0; r < attribution.rowNode.size(); ++r)
            row_[attribution.rowNode[r]] = static_cast<int64_t>(r);
    }
    [[nodiscard]] const Node *find(const std::string &id) const {
        const auto found = node_.find(id);
        return found == node_.end() ? nullptr : &attribution_.nodes[static_cast<size_t>(found->second)];
    }
    [[nodiscard]] double edge(const std::string &source, const std::string &target) const {
        const auto from = node_.find(source), to = node_.find(target);
        if (from == node_.end() || to == node_.end())
            return 0;
        const auto row = row_.find(to->second);
        if (row == row_.end())
            return 0;
        if (attribution_.nodes[static_cast<size_t>(from->second)].kind == NodeKind::Bias)
            return static_cast<double>(attribution_.bias[static_cast<size_t>(row->second)]);
        if (from->second >= attribution_.sources)
            return 0;
        return static_cast<double>(
            attribution_.matrix[static_cast<size_t>(row->second * attribution_.sources + from->second)]);
    }

private:
    const Attribution<T> &attribution_;
    std::map<std::string, int> node_;
    std::map<int, int64_t> row_;
};

/// What stands for a node in the other graph; nothing where there is no such place or the dictionaries differ.
std::optional<Node> counterpart(const Node &node, const std::vector<int> &positions, bool sameDictionary) {
    Node other = node;
    if (node.kind == NodeKind::Feature && !sameDictionary)
        return std::nullopt;
    if (node.kind == NodeKind::Bias || node.kind == NodeKind::Logit)
        return other;
    if (node.position < 0 || node.position >= std::ssize(positions) ||
        positions[static_cast<size_t>(node.position)] < 0)
        return std::nullopt;
    other.position = positions[static_cast<size_t>(node.position)];
    if (node.kind == NodeKind::Position)
        other.id = other.position;
    return other;
}

std::vector<int> inverse(const std::vector<int> &positions, size_t length) {
    std::vector<int> out(length, -1);
    for (size_t p = 0; p < positions.size(); ++p)
        if (positions[p] >= 0)
            out[static_cast<size_t>(positions[p])] = static_cast<int>(p);
    return out;
}

} // namespace

std::vector<int> alignPositions(const std::vector<int32_t> &first, const std::vector<int32_t> &second) {
    const size_t n = first.size(), m = second.size();
    std::vector<std::vector<int>> longest(n + 1, std::vector<int>(m + 1)); // of first[i …] and second[j …]
    for (size_t i = n; i-- > 0;)
        for (size_t j = m; j-- > 0;)
            longest[i][j] =
                first[i] == second[j] ? 1 + longest[i + 1][j + 1] : std::max(longest[i + 1][j], longest[i][j + 1]);
    std::vector<int> positions(n, -1);
    size_t i = 0, j = 0, gapI = 0, gapJ = 0;
    const auto closeGap = [&] { // equally many others on both sides pair up
        for (size_t k = 0; i - gapI == j - gapJ && k < i - gapI; ++k)
            positions[gapI + k] = static_cast<int>(gapJ + k);
    };
    while (i < n && j < m) {
        if (first[i] == second[j]) {
            closeGap();
            positions[i] = static_cast<int>(j);
            gapI = ++i;
            gapJ = ++j;
        } else if (longest[i + 1][j] >= longest[i][j + 1]) {
            ++i;
        } else {
            ++j;
        }
    }
    i = n;
    j = m;
    closeGap();
    return positions;
}

template <class T>
GraphComparison compareGraphs(const Attribution<T> &first, const AttributionGraph &firstShown,
                              const Attribution<T> &second, const AttributionGraph &secondShown, bool sameDictionary) {
    const EdgeLookup<T> a(first), b(second);
    const std::vector<int> there = alignPositions(first.ids, second.ids), back = inverse(there, second.ids.size());
    GraphComparison out;
    std::set<std::string> shown;
    for (const GraphNode &node : secondShown.nodes)
        shown.insert(nodeId(node.node));
    for (const GraphNode &node : firstShown.nodes) {
        const auto other = counterpart(node.node, there, sameDictionary);
        const bool both = other && shown.erase(nodeId(*other)) > 0;
        out.shared += both;
        out.onlyFirst += !both;
    }
    out.onlySecond = static_cast<int>(shown.size());

    std::set<std::pair<std::string, std::string>> seen; // ids in the first graph
    const auto add = [&](const Node &source, const Node &target, const Node &otherSource, const Node &otherTarget) {
        if (!seen.emplace(nodeId(source), nodeId(target)).second)
            return;
        out.edges.push_back({source, target, otherSource, otherTarget, a.edge(nodeId(source), nodeId(target)),
                             b.edge(nodeId(otherSource), nodeId(otherTarget))});
    };
    for (const GraphEdge &edge : firstShown.edges) {
        const Node &source = firstShown.nodes[static_cast<size_t>(edge.source)].node;
        const Node &target = firstShown.nodes[static_cast<size_t>(edge.target)].node;
        const auto from = counterpart(source, there, sameDictionary), to = counterpart(target, there, sameDictionary);
        if (from && to)
            add(source, target, *from, *to);
    }
    for (const GraphEdge &edge : secondShown.edges) {
        const Node &source = secondShown.nodes[static_cast<size_t>(edge.source)].node;
        const Node &target = secondShown.nodes[static_cast<size_t>(edge.target)].node;
        const auto from = counterpart(source, back, sameDictionary), to = counterpart(target, back, sameDictionary);
        if (from && to)
            add(*from, *to, source, target);
    }
    std::stable_sort(out.edges.begin(), out.edges.end(), [](const AlignedEdge &x, const AlignedEdge &y) {
        return std::abs(x.difference()) > std::abs(y.difference());
    });
    return out;
}

template GraphComparison compareGraphs<float>(const Attribution<float> &, const AttributionGraph &,
                                              const Attribution<float> &, const AttributionGraph &, bool);
template GraphComparison compareGraphs<double>(const Attribution<double> &, const AttributionGraph &,
                                               const Attribution<double> &, const AttributionGraph &, bool);

} // namespace tt
