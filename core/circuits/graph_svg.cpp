#include "core/circuits/graph_canvas.h"
#include "core/circuits/graph_export.h"
#include "core/circuits/graph_export_impl.h"
#include "core/circuits/graph_text.h"

namespace tt {
namespace {

constexpr const char *words = "Inter, 'DejaVu Sans', 'Noto Sans', sans-serif";
constexpr const char *mono = "'DejaVu Sans Mono', 'Noto Sans Mono', monospace";

std::string number(double value) {
    std::string text = fixedNumber(value, 2);
    while (text.back() == '0')
        text.pop_back();
    if (text.back() == '.')
        text.pop_back();
    return text == "-0" ? "0" : text;
}

std::string pointText(const Point &p) {
    return number(p.x) + "," + number(p.y);
}

/// Elements of SVG 1.1; text stays text.
class SvgCanvas : public GraphCanvas {
public:
    [[nodiscard]] const std::string &elements() const { return out_; }

    void open(const std::string &attributes, const std::string &title) override {
        out_ += "<g " + attributes + ">" + titled(title) + "\n";
    }
    void close() override { out_ += "</g>\n"; }
    void rectangle(const Point &corner, const Size &size, double radius, const ShapePaint &paint) override {
        out_ += "<rect x=\"" + number(corner.x) + "\" y=\"" + number(corner.y) + "\" width=\"" + number(size.width) +
                "\" height=\"" + number(size.height) + "\"" +
                (radius > 0 ? " rx=\"" + number(radius) + "\"" : std::string()) + painted(paint) + "/>\n";
    }
    void polygon(const std::vector<Point> &points, const ShapePaint &paint) override {
        out_ += "<polygon points=\"";
        for (const Point &p : points)
            out_ += (&p == points.data() ? "" : " ") + pointText(p);
        out_ += "\"" + painted(paint) + "/>\n";
    }
    void circle(const Point &centre, double radius, const ShapePaint &paint) override {
        out_ += "<circle cx=\"" + number(centre.x) + "\" cy=\"" + number(centre.y) + "\" r=\"" + number(radius) + "\"" +
                painted(paint) + "/>\n";
    }
    void curve(const std::vector<Point> &points, const std::string &colour, double width, bool dashed,
               const std::string &attributes, const std::string &title) override {
        out_ += "<path " + attributes + (attributes.empty() ? "" : " ") + "d=\"M" + pointText(points.front());
        for (size_t i = 1; i < points.size(); ++i)
            out_ += (i == 1 ? " C" : " ") + pointText(points[i]);
        out_ += "\" fill=\"none\" stroke=\"" + colour + "\" stroke-width=\"" + number(width) + "\"" +
                (dashed ? " stroke-dasharray=\"6 3\"" : "") + ">" + titled(title) + "</path>\n";
    }
    void text(const Point &at, const std::string &text, const TextPaint &paint) override {
        out_ += "<text x=\"" + number(at.x) + "\" y=\"" + number(at.y + 0.36 * paint.size) + "\" font-family=\"" +
                (paint.mono ? mono : words) + "\" font-size=\"" + number(paint.size) + "\" fill=\"" + paint.colour +
                "\" text-anchor=\"" + (paint.anchor == TextPaint::Anchor::Middle ? "middle" : "start") + "\"" +
                (paint.bold ? " font-weight=\"bold\"" : "") + " xml:space=\"preserve\">" + xmlEscaped(text) +
                "</text>\n";
    }

private:
    static std::string titled(const std::string &title) {
        return title.empty() ? title : "<title>" + xmlEscaped(title) + "</title>";
    }
    static std::string painted(const ShapePaint &paint) {
        std::string text = " fill=\"" + (paint.fill.empty() ? "none" : paint.fill) + "\"";
        if (!paint.stroke.empty())
            text += " stroke=\"" + paint.stroke + "\" stroke-width=\"" + number(paint.width) + "\"";
        return text;
    }
    std::string out_;
};

} // namespace

std::string graphSvg(const TracedGraph &graph) {
    SvgCanvas canvas;
    drawGraph(graph, canvas);
    const Size sheet = pictureSize(graph.layout);
    const std::string width = number(sheet.width), height = number(sheet.height);
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" "
           "width=\"" +
           width + "\" height=\"" + height + "\" viewBox=\"0 0 " + width + " " + height + "\">\n<title>" +
           xmlEscaped("Attribution graph: " + visibleText(graph.graph.prompt, Spaces::Keep)) + "</title>\n<desc>" +
           xmlEscaped(graphDescription(graph)) + "</desc>\n" + canvas.elements() + "</svg>\n";
}

} // namespace tt
