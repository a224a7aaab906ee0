#pragma once

#include <QWidget>

namespace tt {

/// The activation scale: 0, the colours, the feature's largest value on the corpus; its name below.
class ScaleLegend : public QWidget {
    Q_OBJECT
public:
    explicit ScaleLegend(QWidget *parent = nullptr);
    void setScale(float maximum, const QString &feature);
    [[nodiscard]] QSize sizeHint() const override;

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    float maximum_ = 0;
    QString feature_;
};

} // namespace tt
