FROM continuumio/miniconda3
WORKDIR /app
COPY environment.yml .
RUN conda env create -f environment.yml && conda clean --all --yes
COPY . .
ENV PATH=/opt/conda/envs/stars/bin:$PATH
EXPOSE 8000
CMD ["python", "stars.py"]
