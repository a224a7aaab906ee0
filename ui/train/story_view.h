#pragma once

#include "core/train/story.h"

#include <QPlainTextEdit>
#include <QStringDecoder>

#include <vector>

namespace tt {

/// A story as text that grows token by token; the token under the mouse or the caret is lit and tells how probable the
/// model found it.
class StoryView : public QPlainTextEdit {
    Q_OBJECT
public:
    explicit StoryView(QWidget *parent = nullptr);

    /// Starts anew with the prompt.
    void begin(const QString &prompt);
    void append(const std::vector<StoryToken> &tokens);
    [[nodiscard]] size_t tokens() const { return shown_.size(); }
    /// The token that holds a position of the text, −1 in the prompt and past the end.
    [[nodiscard]] int tokenAt(int position) const;
    [[nodiscard]] double probability(int token) const { return shown_.at(static_cast<size_t>(token)).probability; }
    /// "␣girl 38 %"
    [[nodiscard]] QString tokenText(int token) const;

Q_SIGNALS:
    void tokenLit(const QString &text); ///< tokenText() of the lit one, empty for none

protected:
    void mouseMoveEvent(QMouseEvent *event) override;
    void leaveEvent(QEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    struct Shown {
        std::string bytes;
        double probability = 0;
        int end = 0; ///< position behind it; parts of one character end where the character does
    };
    void light(int token);
    void colourPrompt();

    std::vector<Shown> shown_;
    QStringDecoder decoder_{QStringDecoder::Utf8};
    int promptEnd_ = 0, lit_ = -1;
};

} // namespace tt
