#pragma once

#include "core/circuits/traced_graph.h"

#include <filesystem>
#include <string>

namespace tt {

/// Stand-alone SVG 1.1: text as text, one <g class="node" id="…"> a node and one <path class="edge"> an edge, kinds by
/// shape and colour (design.md §2, light), <title> and <desc> with model, hashes, prompt, settings, scores.
std::string graphSvg(const TracedGraph &graph);
/// The same picture, drawn by Graphviz' cairo renderer. PDF: 1 px = 1 point. PNG: `scale` pixels a px.
std::string graphPdf(const TracedGraph &graph);
std::string graphPng(const TracedGraph &graph, double scale);
/// Graphviz source with the same nodes and edges and their places (`neato -n2` draws it as it stands).
std::string graphDot(const TracedGraph &graph);
/// Edges: source, target, weight with readable node ids; RFC 4180.
std::string graphCsv(const AttributionGraph &graph);
/// circuit-tracer / Neuronpedia graph JSON (formats.md §1): position weights added to their token, no bias nodes.
/// Supernodes and pins stand in qParams, beside the nodes they are made of.
std::string graphJson(const TracedGraph &graph);

struct ExportOptions {
    double scale = 2; ///< PNG: pixels a layout pixel, 0.1 … 8
};

/// Throws Error(Usage) unless the name ends in .svg, .pdf, .png, .dot, .csv, .json or .ttgraph (the file of
/// saved_graph.h, to open again elsewhere).
void checkExportName(const std::filesystem::path &file);
/// Writes by extension, atomically. Throws Error(Usage) for another extension.
void exportGraph(const TracedGraph &graph, const std::filesystem::path &file, const ExportOptions &options = {});

/// A readable id: "1/1184@2", "error 0@1", "token 2", "position 2", "bias", "logit 640", "group 1".
std::string nodeId(const Node &node);

} // namespace tt
