#include "core/circuits/graph_canvas.h"
#include "core/circuits/graph_text.h"

namespace tt {
namespace {

constexpr double arc = 0.55228475; ///< of a quarter circle's radius, to its Bézier handles
constexpr double averageAdvance = 0.6;

/// xdot's operations (y upwards), as Graphviz' renderers read them.
class XdotCanvas : public GraphCanvas {
public:
    explicit XdotCanvas(double height) : height_(height) {}
    [[nodiscard]] const std::string &operations() const { return out_; }

    void open(const std::string &, const std::string &) override {}
    void close() override {}
    void rectangle(const Point &corner, const Size &size, double radius, const ShapePaint &paint) override {
        const double x = corner.x, y = corner.y, w = size.width, h = size.height;
        if (radius <= 0)
            return polygon({{x, y}, {x + w, y}, {x + w, y + h}, {x, y + h}}, paint);
        const double r = radius, k = radius * (1 - arc);
        std::vector<Point> outline{{x + r, y}};
        const auto curveTo = [&outline](Point first, Point second, Point end) {
            for (const Point &p : {first, second, end})
                outline.push_back(p);
        };
        const auto lineTo = [&](Point end) { // a straight side as a curve
            const Point from = outline.back();
            curveTo({from.x + (end.x - from.x) / 3, from.y + (end.y - from.y) / 3},
                    {from.x + (end.x - from.x) * 2 / 3, from.y + (end.y - from.y) * 2 / 3}, end);
        };
        lineTo({x + w - r, y});
        curveTo({x + w - k, y}, {x + w, y + k}, {x + w, y + r});
        lineTo({x + w, y + h - r});
        curveTo({x + w, y + h - k}, {x + w - k, y + h}, {x + w - r, y + h});
        lineTo({x + r, y + h});
        curveTo({x + k, y + h}, {x, y + h - k}, {x, y + h - r});
        lineTo({x, y + r});
        curveTo({x, y + k}, {x + k, y}, {x + r, y});
        setPaint(paint);
        out_ += "b " + points(outline);
    }
    void polygon(const std::vector<Point> &corners, const ShapePaint &paint) override {
        setPaint(paint);
        out_ += "P " + points(corners);
    }
    void circle(const Point &centre, double radius, const ShapePaint &paint) override {
        setPaint(paint);
        out_ += "E " + point(centre) + " " + number(radius) + " " + number(radius) + " ";
    }
    void curve(const std::vector<Point> &spline, const std::string &colour, double width, bool dashed,
               const std::string &, const std::string &) override {
        out_ += "c " + counted(colour) + "S " + counted("setlinewidth(" + number(width) + ")") + "S " +
                counted(dashed ? "dashed" : "solid") + "B " + points(spline) + "S " + counted("solid");
    }
    void text(const Point &at, const std::string &text, const TextPaint &paint) override {
        if (text.empty())
            return;
        const bool middle = paint.anchor == TextPaint::Anchor::Middle;
        const double width = columnsOf(text) * paint.size * averageAdvance;
        const std::string family = paint.mono ? "DejaVu Sans Mono" : "Inter,DejaVu Sans";
        out_ += "c " + counted(paint.colour) + "F " + number(paint.size) + " " +
                counted(family + (paint.bold ? " Bold" : "")) + "T " + point({at.x, at.y + 0.46 * paint.size}) +
                (middle ? " 0 " : " -1 ") + number(width) + " " + counted(text);
    }

private:
    static std::string number(double value) { return fixedNumber(value, 2); }
    [[nodiscard]] std::string point(const Point &p) const { return number(p.x) + " " + number(height_ - p.y); }
    [[nodiscard]] std::string points(const std::vector<Point> &list) const {
        std::string text = std::to_string(list.size()) + " ";
        for (const Point &p : list)
            text += point(p) + " ";
        return text;
    }
    static std::string counted(const std::string &text) { return std::to_string(text.size()) + " -" + text + " "; }
    void setPaint(const ShapePaint &paint) {
        const std::string fill = paint.fill.empty() ? "#FFFFFF" : paint.fill;
        out_ += "c " + counted(paint.stroke.empty() ? fill : paint.stroke) + "C " + counted(fill) + "S " +
                counted("setlinewidth(" + number(paint.stroke.empty() ? 0.1 : paint.width) + ")");
    }
    double height_;
    std::string out_;
};

} // namespace

std::string graphXdot(const TracedGraph &graph) {
    XdotCanvas canvas(pictureSize(graph.layout).height);
    drawGraph(graph, canvas);
    return canvas.operations();
}

} // namespace tt
