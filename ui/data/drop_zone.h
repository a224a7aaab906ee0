#pragma once

#include <QWidget>

namespace tt {

/// Says that files can be dropped; lights while some are held over the place.
class DropZone : public QWidget {
    Q_OBJECT
public:
    explicit DropZone(QWidget *parent = nullptr);
    void setLit(bool lit);
    [[nodiscard]] bool isLit() const { return lit_; }

protected:
    void paintEvent(QPaintEvent *event) override;

private:
    bool lit_ = false;
};

} // namespace tt
