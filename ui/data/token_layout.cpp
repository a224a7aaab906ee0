#include "ui/data/token_layout.h"

#include "core/circuits/graph_text.h"

#include <algorithm>

namespace tt {
namespace {

class Flow {
public:
    Flow(TokenLayout &layout, int width, const std::function<int(const QString &)> &widthOf)
        : layout_(layout), width_(std::max(width, 1)), widthOf_(widthOf) {}

    void startToken(int token) {
        token_ = token;
        layout_.firstOfToken.push_back(static_cast<int>(layout_.pieces.size()));
    }
    void put(const QString &text, bool endOfText = false, int padding = 0) {
        const int width = widthOf_(text) + padding;
        if (x_ > 0 && x_ + width > width_)
            breakLine();
        if (width <= width_ || text.size() <= 1)
            return place(text, width, endOfText);
        qsizetype fits = std::clamp<qsizetype>(text.size() * width_ / width, 1, text.size() - 1);
        while (fits > 1 && widthOf_(text.left(fits)) > width_)
            --fits;
        if (text[fits - 1].isHighSurrogate())
            ++fits;
        place(text.left(fits), widthOf_(text.left(fits)), endOfText);
        breakLine();
        if (fits < text.size())
            put(text.mid(fits), endOfText);
    }
    void breakLine() {
        if (x_ == 0)
            return;
        x_ = 0;
        ++line_;
    }
    void finish() { layout_.lines = line_ + (x_ > 0 ? 1 : 0); }

private:
    void place(const QString &text, int width, bool endOfText) {
        layout_.pieces.push_back({token_, line_, x_, width, text, endOfText});
        x_ += width;
    }
    TokenLayout &layout_;
    int width_, token_ = 0, line_ = 0, x_ = 0;
    const std::function<int(const QString &)> &widthOf_;
};

} // namespace

TokenLayout layOutTokens(const StoryPreview &preview, int width, const std::function<int(const QString &)> &widthOf,
                         const QString &endOfText) {
    TokenLayout layout;
    Flow flow(layout, width, widthOf);
    for (size_t i = 0; i < preview.ids.size(); ++i) {
        flow.startToken(static_cast<int>(i));
        if (preview.ids[i] == preview.endOfText) {
            flow.put(endOfText, true, widthOf(QStringLiteral("  ")));
            flow.breakLine();
            continue;
        }
        const std::string &bytes = preview.token(preview.ids[i]).bytes;
        flow.put(QString::fromStdString(visibleText(bytes, Spaces::Keep)));
        if (bytes.find('\n') != std::string::npos)
            flow.breakLine();
    }
    flow.finish();
    return layout;
}

} // namespace tt
