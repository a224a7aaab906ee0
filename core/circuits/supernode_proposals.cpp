#include "core/circuits/annotations.h"
#include "core/circuits/graph_export.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tt {
namespace {

/// Signed edges of a feature: out to the nodes and in from the nodes, each half of unit length where it is not 0.
using Profile = std::map<int, double>;

void scaleToUnit(Profile &profile) {
    double squares = 0;
    for (const auto &[node, weight] : profile)
        squares += weight * weight;
    for (auto &[node, weight] : profile)
        weight /= squares > 0 ? std::sqrt(squares) : 1;
}

double product(const Profile &a, const Profile &b) {
    double sum = 0;
    for (const auto &[node, weight] : a)
        if (const auto other = b.find(node); other != b.end())
            sum += weight * other->second;
    return sum;
}

struct Profiles {
    Profile in, out;
};

/// Mean cosine of the halves that both have.
double similarity(const Profiles &a, const Profiles &b) {
    const bool in = !a.in.empty() && !b.in.empty(), out = !a.out.empty() && !b.out.empty();
    if (!in && !out)
        return 0;
    return ((in ? product(a.in, b.in) : 0) + (out ? product(a.out, b.out) : 0)) / (int{in} + int{out});
}

std::vector<Profiles> profilesOf(const AttributionGraph &graph) {
    std::vector<Profiles> profiles(graph.nodes.size());
    for (const GraphEdge &edge : graph.edges) {
        if (graph.nodes[static_cast<size_t>(edge.source)].node.kind == NodeKind::Bias)
            continue;
        profiles[static_cast<size_t>(edge.source)].out[edge.target] = edge.weight;
        profiles[static_cast<size_t>(edge.target)].in[edge.source] = edge.weight;
    }
    for (Profiles &profile : profiles) {
        scaleToUnit(profile.in);
        scaleToUnit(profile.out);
    }
    return profiles;
}

/// Joins the two clusters of largest mean similarity until none reaches `least`.
std::vector<std::vector<int>> clusters(const std::vector<int> &features, const std::vector<Profiles> &profiles,
                                       double least) {
    std::vector<std::vector<int>> groups;
    for (const int f : features)
        groups.push_back({f});
    std::vector<std::vector<double>> mean(groups.size(), std::vector<double>(groups.size()));
    for (size_t i = 0; i < groups.size(); ++i)
        for (size_t j = 0; j < i; ++j)
            mean[i][j] = mean[j][i] =
                similarity(profiles[static_cast<size_t>(features[i])], profiles[static_cast<size_t>(features[j])]);
    while (true) {
        size_t a = 0, b = 0;
        double best = least;
        for (size_t i = 0; i < groups.size(); ++i)
            for (size_t j = 0; j < i && !groups[i].empty(); ++j)
                if (!groups[j].empty() && mean[i][j] > best) {
                    best = mean[i][j];
                    a = j;
                    b = i;
                }
        if (a == b)
            return groups;
        const auto sizeA = static_cast<double>(groups[a].size()), sizeB = static_cast<double>(groups[b].size());
        for (size_t i = 0; i < groups.size(); ++i)
            mean[a][i] = mean[i][a] = (sizeA * mean[a][i] + sizeB * mean[b][i]) / (sizeA + sizeB);
        groups[a].insert(groups[a].end(), groups[b].begin(), groups[b].end());
        groups[b].clear();
    }
}

} // namespace

std::vector<Supernode> proposeSupernodes(const AttributionGraph &graph, const ProposalSettings &settings) {
    constexpr size_t mostFeatures = 400; // the strongest; the clustering takes the cube of their number
    std::vector<int> features;
    for (size_t n = 0; n < graph.nodes.size(); ++n)
        if (graph.nodes[n].node.kind == NodeKind::Feature && graph.nodes[n].members.empty())
            features.push_back(static_cast<int>(n));
    const auto influence = [&](int n) { return graph.nodes[static_cast<size_t>(n)].influence; };
    const auto stronger = [&](int a, int b) { return influence(a) > influence(b); };
    std::stable_sort(features.begin(), features.end(), stronger);
    features.resize(std::min(features.size(), mostFeatures));

    std::vector<std::vector<int>> groups = clusters(features, profilesOf(graph), settings.similarity);
    std::erase_if(groups, [](const std::vector<int> &group) { return group.size() < 2; });
    const auto whole = [&](const std::vector<int> &group) {
        return std::accumulate(group.begin(), group.end(), 0.0, [&](double sum, int n) { return sum + influence(n); });
    };
    std::stable_sort(groups.begin(), groups.end(), [&](const auto &a, const auto &b) { return whole(a) > whole(b); });
    std::vector<Supernode> proposals;
    for (std::vector<int> &group : groups) {
        if (std::ssize(proposals) == settings.most)
            break;
        std::stable_sort(group.begin(), group.end(), stronger);
        const GraphNode &strongest = graph.nodes[static_cast<size_t>(group.front())];
        Supernode &proposal = proposals.emplace_back();
        proposal.label = strongest.label.empty() ? nodeId(strongest.node) : strongest.label;
        for (const int n : group)
            proposal.members.push_back(nodeId(graph.nodes[static_cast<size_t>(n)].node));
    }
    return proposals;
}

} // namespace tt
