#pragma once

#include "core/features/prompt_features.h"

#include <QWidget>

#include <optional>
#include <vector>

namespace tt {

class TokenChip;

/// The tokens of the prompt as chips in rows: `Prompt tokens`, whose accessible children are the tokens that were read.
/// Tokens that no longer fit into the context stand greyed in front, the most probable next token dashed behind.
class TokenChips : public QWidget {
    Q_OBJECT
public:
    explicit TokenChips(QWidget *parent = nullptr);

    /// Selected positions that still exist stay selected.
    void setPromptFeatures(const PromptFeatures &features);
    /// One activation a position, coloured by its share of `maximum`. None: no colour.
    void setActivations(const std::vector<float> &activations, float maximum);
    void setFaded(bool faded);

    [[nodiscard]] const std::vector<int> &selection() const { return selection_; }
    /// Selects these positions (sorted, those that exist) and says so if that is a change.
    void select(std::vector<int> positions);
    [[nodiscard]] int count() const { return static_cast<int>(tokens_.size()); }
    [[nodiscard]] TokenChip *chip(int position) const { return pool_.at(static_cast<size_t>(position)); }

    [[nodiscard]] bool hasHeightForWidth() const override { return true; }
    [[nodiscard]] int heightForWidth(int width) const override;
    [[nodiscard]] int rowHeight() const;
    [[nodiscard]] QSize sizeHint() const override;

Q_SIGNALS:
    void selectionChanged(const std::vector<int> &positions);
    void chipFocused(TokenChip *chip);
    /// Why the model says `token` after `before`, the prompt's text in front of it, is to be traced.
    void traceToRequested(const QString &before, int token, const QString &text);

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    bool event(QEvent *event) override;
    void paintEvent(QPaintEvent *event) override;
    void resizeEvent(QResizeEvent *event) override;
    void changeEvent(QEvent *event) override;
    void contextMenuEvent(QContextMenuEvent *event) override;

private:
    struct Flow {
        std::vector<QRect> leftOut, chips;
        QRect prediction;
        int height = 0;
    };
    [[nodiscard]] Flow flow(int width) const;
    [[nodiscard]] QString predictionText() const;
    [[nodiscard]] QSize predictionSize() const;
    [[nodiscard]] QString textBefore(int position) const;
    [[nodiscard]] std::optional<int> positionAt(const QPoint &point) const;
    void place();
    void showSelection();
    void fillPool();
    void clicked(int position, Qt::KeyboardModifiers modifiers);
    bool keyPressed(int position, const QKeyEvent &event);
    void moveTo(int position, bool extend);
    void paintPrediction(QPainter &painter) const;

    QString prompt_;
    std::vector<QString> leftOut_, tokens_;
    std::vector<int32_t> ids_;
    std::vector<double> given_;
    std::optional<TokenCandidate> prediction_;
    std::vector<float> activations_;
    float maximum_ = 0;
    std::vector<int> selection_;
    int anchor_ = 0; ///< where Shift extends from
    bool faded_ = false;
    std::vector<TokenChip *> pool_; ///< as many as the longest prompt so far; the first count() are shown
    Flow flow_;
};

} // namespace tt
