#pragma once

#include "core/circuits/traced_graph.h"

#include <string>
#include <vector>

namespace tt {

/// How a shape is filled and outlined; colours as "#RRGGBB", empty = none.
struct ShapePaint {
    std::string fill, stroke;
    double width = 1.5;
};
struct TextPaint {
    bool mono = false;
    double size = 11;
    std::string colour;
    enum class Anchor { Start, Middle } anchor = Anchor::Middle;
    bool bold = false;
};

/// What a graph is drawn on. Pixels, y downwards, origin at the top left; later shapes lie above earlier ones.
class GraphCanvas {
public:
    virtual ~GraphCanvas() = default;
    /// Shapes up to close() belong together; `attributes` and `title` are for canvases that keep such things.
    virtual void open(const std::string &attributes, const std::string &title) = 0;
    virtual void close() = 0;
    /// `radius` > 0 rounds the corners.
    virtual void rectangle(const Point &corner, const Size &size, double radius, const ShapePaint &paint) = 0;
    virtual void polygon(const std::vector<Point> &points, const ShapePaint &paint) = 0;
    virtual void circle(const Point &centre, double radius, const ShapePaint &paint) = 0;
    /// Cubic Bézier points 1 + 3n; attributes and title as of open().
    virtual void curve(const std::vector<Point> &points, const std::string &colour, double width, bool dashed,
                       const std::string &attributes, const std::string &title) = 0;
    /// `at` is the anchor at the middle of the line's height.
    virtual void text(const Point &at, const std::string &text, const TextPaint &paint) = 0;
};

/// Width and height of what drawGraph() draws.
Size pictureSize(const GraphLayout &layout);
/// Header, bands, edges, nodes and key, in the light colours of design.md §2. Throws Error(Usage) for a layout of
/// another graph.
void drawGraph(const TracedGraph &graph, GraphCanvas &canvas);

/// The picture in xdot's drawing operations, for Graphviz' own renderers.
std::string graphXdot(const TracedGraph &graph);
/// "pdf" or "png" of xdot operations on a sheet of this size; `scale` pixels a unit for "png". Runs on the thread that
/// owns Graphviz. The same operations give the same bytes.
std::string renderXdot(const std::string &operations, const Size &sheet, const std::string &format, double scale);

} // namespace tt
