#pragma once

#include <QWidget>

#include <vector>

namespace tt {

/// Words with their figures on one line ("activation 6.42  influence 31 %"): words in the text face, figures in mono.
/// What does not fit goes to a second line.
class FactsRow : public QWidget {
    Q_OBJECT
public:
    struct Fact {
        QString word{}, figure{}, after{}; ///< after: words behind the figure
        bool operator==(const Fact &) const = default;
    };
    explicit FactsRow(QWidget *parent = nullptr);
    void setFacts(std::vector<Fact> facts);
    [[nodiscard]] const std::vector<Fact> &facts() const { return facts_; }

    [[nodiscard]] QSize sizeHint() const override;
    [[nodiscard]] QSize minimumSizeHint() const override;
    [[nodiscard]] bool hasHeightForWidth() const override { return true; }
    [[nodiscard]] int heightForWidth(int width) const override;

protected:
    void paintEvent(QPaintEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    [[nodiscard]] int widthOf(const Fact &fact) const;
    [[nodiscard]] int lineHeight() const;
    std::vector<Fact> facts_;
};

} // namespace tt
