#pragma once

#include "ui/circuits/graph_requests.h"

#include <QDialog>

#include <string>
#include <vector>

class QLabel;

namespace tt {

/// A head's attention pattern over the prompt: one row a place that reads, one column a place that is read, darker =
/// more attention; the row that matters is framed. Arrow keys walk through the cells.
class AttentionView : public QWidget {
    Q_OBJECT
public:
    explicit AttentionView(QWidget *parent = nullptr);
    /// `pattern` (T, T) for T tokens; `query` −1 or the row that matters.
    void setPattern(std::vector<std::string> tokens, std::vector<float> pattern, int query);
    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;
    /// "␣a at 2 reads ␣upon at 1 with 63 %".
    [[nodiscard]] QString sentence(int query, int key) const;

Q_SIGNALS:
    void cellPointed(const QString &sentence);

protected:
    void paintEvent(QPaintEvent *event) override;
    void mouseMoveEvent(QMouseEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void point(int query, int key);
    [[nodiscard]] int labelWidth() const;
    [[nodiscard]] double cellSide() const;
    std::vector<std::string> tokens_;
    std::vector<float> pattern_;
    int query_ = -1, atQuery_ = 0, atKey_ = 0;
};

/// AttentionView in a window of its own, beside the graph.
class AttentionDialog : public QDialog {
    Q_OBJECT
public:
    explicit AttentionDialog(QWidget *parent);
    void showPattern(const PatternRequest &request, const std::vector<std::string> &tokens,
                     const std::vector<float> &pattern);

private:
    AttentionView *view_;
    QLabel *sentence_;
};

} // namespace tt
