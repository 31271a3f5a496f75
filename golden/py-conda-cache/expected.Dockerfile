FROM continuumio/miniconda3:24.5.0-0

WORKDIR /app
COPY environment.yml .
RUN conda env create -f environment.yml && conda clean --all --yes
ENV PATH=/opt/conda/envs/tides/bin:$PATH

COPY tides.py .
CMD ["python", "tides.py"]
