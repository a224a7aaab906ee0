#include "core/circuits/graph_export.h"
#include "core/circuits/graph_layout.h"
#include "core/circuits/graph_text.h"

#include <algorithm>
#include <cmath>

namespace tt {
namespace {

constexpr double advance = 6.7;     ///< of a character at 11 px in DejaVu Sans Mono, rounded up
constexpr double monoAdvance = 7.3; ///< at 12 px
constexpr int featureColumns = 14;  ///< (112 − 16) / advance
constexpr int tokenColumns = 16;

bool dominant(const Node &error) {
    return error.activation > 0.5;
}

double widest(const std::vector<std::string> &lines) {
    int columns = 0;
    for (const std::string &line : lines)
        columns = std::max(columns, columnsOf(line));
    return columns;
}

std::vector<std::string> logitLines(const GraphNode &node) {
    if (node.node.minus >= 0) {
        const std::string pair = node.label.empty()
                                     ? std::to_string(node.node.id) + " − " + std::to_string(node.node.minus)
                                     : visibleText(node.label, Spaces::Keep);
        return {elided(pair, 2 * tokenColumns), "difference " + shortNumber(node.node.preactivation)};
    }
    const std::string token =
        node.label.empty() ? "token " + std::to_string(node.node.id) : visibleText(node.label, Spaces::Show);
    return {elided(token, tokenColumns), fixedNumber(node.node.activation, 3)};
}

} // namespace

std::string nodeId(const Node &node) {
    const std::string position = std::to_string(node.position);
    switch (node.kind) {
    case NodeKind::Feature:
        if (node.id < 0) // a supernode
            return "group " + std::to_string(-node.id);
        return std::to_string(node.layer) + "/" + std::to_string(node.id) + "@" + position;
    case NodeKind::Error:
        return "error " + std::to_string(node.layer) + "@" + position;
    case NodeKind::Token:
        return "token " + position;
    case NodeKind::Position:
        return "position " + position;
    case NodeKind::Bias:
        return "bias";
    case NodeKind::Logit:
        break;
    }
    return "logit " + std::to_string(node.id) + (node.minus >= 0 ? "-" + std::to_string(node.minus) : "");
}

std::vector<std::string> labelLines(const GraphNode &node) {
    switch (node.node.kind) {
    case NodeKind::Feature: {
        std::vector<std::string> lines = wrapped(visibleText(node.label, Spaces::Keep), featureColumns, 2);
        if (lines.empty()) // no label, or one of spaces only
            lines = {node.label.empty() ? std::to_string(node.node.layer) + "/" + std::to_string(node.node.id)
                                        : elided(visibleText(node.label, Spaces::Show), featureColumns)};
        return lines;
    }
    case NodeKind::Error:
        if (dominant(node.node)) {
            const double percent = std::min(100 * node.node.activation, 999.0);
            return {"!", fixedNumber(percent, 0) + " % error"};
        }
        return {"e"};
    case NodeKind::Token:
        return {
            elided(node.label.empty() ? "id " + std::to_string(node.node.id) : visibleText(node.label, Spaces::Show),
                   tokenColumns)};
    case NodeKind::Position:
        return {std::to_string(node.node.position)};
    case NodeKind::Bias:
        return {"bias"};
    case NodeKind::Logit:
        break;
    }
    return logitLines(node);
}

std::vector<Size> nodeSizes(const AttributionGraph &graph) {
    std::vector<Size> sizes;
    for (const GraphNode &node : graph.nodes) {
        const double columns = widest(labelLines(node));
        switch (node.node.kind) {
        case NodeKind::Feature:
            sizes.push_back({std::clamp(std::ceil(columns * advance) + 16, 48.0, 112.0), 36});
            break;
        case NodeKind::Error:
            sizes.push_back({dominant(node.node) ? 76.0 : 38.0, 38});
            break;
        case NodeKind::Token:
            sizes.push_back({std::max(std::ceil(columns * monoAdvance) + 14, 28.0), 28});
            break;
        case NodeKind::Position:
            sizes.push_back({28, 28});
            break;
        case NodeKind::Bias:
            sizes.push_back({40, 36});
            break;
        case NodeKind::Logit:
            sizes.push_back({std::max(std::ceil(columns * monoAdvance) + 32, 64.0), 40});
            break;
        }
    }
    return sizes;
}

} // namespace tt
